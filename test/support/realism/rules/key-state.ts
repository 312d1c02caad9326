import { DescribeKeyCommand, KMSClient } from '@aws-sdk/client-kms'
import { GetBucketEncryptionCommand, S3Client } from '@aws-sdk/client-s3'
import { unlessMissing } from '../../../../src/aws/retry.js'
import type { Emulator } from '../emulator.js'
import { text, type AwsRequest } from '../request.js'
import type { Rule } from '../rule.js'

/** How each service says that it cannot use a key, by `service:Action`. */
const CODES: Record<string, string> = {
  's3:PutObject': 'KMS.KMSInvalidStateException',
  'logs:CreateLogGroup': 'InvalidParameterException',
  'ecr:CreateRepository': 'KmsException',
  'states:CreateStateMachine': 'KmsInvalidStateException',
  'states:UpdateStateMachine': 'KmsInvalidStateException',
}

/** A key in its waiting period, or disabled, encrypts nothing (spec §4). */
export function keyUnusable(): Rule[] {
  return Object.entries(CODES).map(([call, code]) => {
    const [service = '', action = ''] = call.split(':')
    return {
      name: 'key unusable',
      service,
      actions: [action],
      async before(request, emulator) {
        const keyId = await keyOf(request, emulator)
        if (keyId === undefined) return undefined
        const kms = emulator.client(KMSClient, request.region)
        const answer = await unlessMissing(
          kms.send(new DescribeKeyCommand({ KeyId: keyId })),
          'NotFoundException',
        )
        const state = answer?.KeyMetadata?.KeyState
        if (state === 'Enabled') return undefined
        return { refuse: { code, message: `${keyId} is ${state ?? 'missing'}.` } }
      },
    }
  })
}

async function keyOf(request: AwsRequest, emulator: Emulator): Promise<string | undefined> {
  if (request.service === 's3') {
    const s3 = emulator.client(S3Client, request.region)
    const encryption = await unlessMissing(
      s3.send(new GetBucketEncryptionCommand({ Bucket: text(request, 'Bucket') })),
      'ServerSideEncryptionConfigurationNotFoundError',
      'NoSuchBucket',
    )
    const [rule] = encryption?.ServerSideEncryptionConfiguration?.Rules ?? []
    return rule?.ApplyServerSideEncryptionByDefault?.KMSMasterKeyID
  }
  const nested = request.params.encryptionConfiguration as Record<string, string> | undefined
  return [text(request, 'kmsKeyId'), nested?.kmsKey, nested?.kmsKeyId].find(
    (id) => id !== undefined && id !== '',
  )
}
