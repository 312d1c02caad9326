import { GetBucketEncryptionCommand, PutBucketEncryptionCommand } from '@aws-sdk/client-s3'
import { unlessMissing } from '../../../aws/retry.js'
import { diffProperties } from '../../../engine/change.js'
import type { Aspect } from './aspect.js'

export type Encryption =
  /** With our own key; `keyArn` is resolved when it is used. */
  | { kind: 'kms'; keyArn: () => string }
  /** With a key of S3: what a bucket that receives access logs must have (spec §5.5). */
  | { kind: 's3' }

/** Customer keys that S3 does not keep: an object under a lost one is lost. */
const BLOCKED = 'SSE-C'

interface ObservedEncryption {
  algorithm: string | null
  keyArn: string | null
  bucketKey: boolean
  /** undefined when the service does not answer it: regions and emulators that do not know the setting yet. */
  blocked: string[] | undefined
}

/** The encryption of objects that are put without saying how. The bucket key saves a KMS call per object. */
export function encryption(wanted: Encryption): Aspect {
  const desired = () =>
    wanted.kind === 'kms'
      ? { algorithm: 'aws:kms', keyArn: wanted.keyArn(), bucketKey: true }
      : { algorithm: 'AES256', keyArn: null, bucketKey: undefined }
  return {
    path: 'encryption',
    async read({ at, s3 }): Promise<ObservedEncryption | null> {
      const answer = await unlessMissing(
        s3.send(new GetBucketEncryptionCommand(at)),
        'ServerSideEncryptionConfigurationNotFoundError',
      )
      const rule = answer?.ServerSideEncryptionConfiguration?.Rules?.[0]
      if (rule === undefined) return null
      return {
        algorithm: rule.ApplyServerSideEncryptionByDefault?.SSEAlgorithm ?? null,
        keyArn: rule.ApplyServerSideEncryptionByDefault?.KMSMasterKeyID ?? null,
        bucketKey: rule.BucketKeyEnabled ?? false,
        blocked: rule.BlockedEncryptionTypes?.EncryptionType,
      }
    },
    diff(seen) {
      const observed = seen as ObservedEncryption | null
      const blocked = observed?.blocked === undefined ? undefined : [BLOCKED]
      return diffProperties({ encryption: observed }, { encryption: { ...desired(), blocked } })
    },
    put({ at, s3 }) {
      const { algorithm, keyArn, bucketKey } = desired()
      return s3.send(
        new PutBucketEncryptionCommand({
          ...at,
          ServerSideEncryptionConfiguration: {
            Rules: [
              {
                ApplyServerSideEncryptionByDefault: {
                  SSEAlgorithm: algorithm === 'aws:kms' ? 'aws:kms' : 'AES256',
                  ...(keyArn === null ? {} : { KMSMasterKeyID: keyArn }),
                },
                ...(bucketKey === undefined ? {} : { BucketKeyEnabled: bucketKey }),
                BlockedEncryptionTypes: { EncryptionType: [BLOCKED] },
              },
            ],
          },
        }),
      )
    },
  }
}
