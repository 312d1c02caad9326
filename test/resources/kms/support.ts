import {
  DescribeKeyCommand,
  GetKeyPolicyCommand,
  GetKeyRotationStatusCommand,
  KMSClient,
  ListKeysCommand,
  ListResourceTagsCommand,
  type KeyMetadata,
} from '@aws-sdk/client-kms'
import {
  GetResourcesCommand,
  ResourceGroupsTaggingAPIClient,
} from '@aws-sdk/client-resource-groups-tagging-api'
import { policy } from '../../../src/aws/policy.js'
import { kmsTags } from '../../../src/aws/tags.js'
import { KmsKey } from '../../../src/resources/kms/key.js'
import { testContext } from '../../support/resource.js'
import { suiteMock } from '../../support/suite-mock.js'

export const ALIAS = 'alias/dp-sensors-dev'
export const POLICY = policy({
  Sid: 'RootDelegatesToIam',
  Effect: 'Allow',
  Principal: { AWS: 'arn:aws:iam::111122223333:root' },
  Action: 'kms:*',
  Resource: '*',
})
export const UNTIL = new Date('2026-12-01T10:00:00Z')

export interface FakeKey {
  metadata: Partial<KeyMetadata>
  tags: Record<string, string>
  rotation?: { KeyRotationEnabled?: boolean; RotationPeriodInDays?: number }
  policy?: object
}

export const arn = (id: string) => `arn:aws:kms:us-east-1:111122223333:key/${id}`
export const notFound = Object.assign(new Error('not found'), { name: 'NotFoundException' })
export const pending: Partial<KeyMetadata> = { KeyState: 'PendingDeletion', DeletionDate: UNTIL }

/** KMS and the tagging API, answering from a table of keys. */
export function fakeKms() {
  const kms = suiteMock(KMSClient)
  const tagging = suiteMock(ResourceGroupsTaggingAPIClient)
  return {
    kms,
    tagging,
    reset() {
      kms.reset()
      tagging.reset()
    },
    /** KMS with these keys; `alias` is the id that the alias points at; `indexed` what the tagging API knows. */
    answer(keys: Record<string, FakeKey>, alias?: string, indexed: string[] = []): void {
      const find = (keyId: string) => {
        const id = keyId === ALIAS ? alias : keyId.replace(/^.*key\//, '')
        if (id === undefined || keys[id] === undefined) throw notFound
        return { id, fake: keys[id] }
      }
      kms.on(DescribeKeyCommand).callsFake((input: { KeyId: string }) => {
        const { fake, id } = find(input.KeyId)
        return {
          KeyMetadata: {
            KeyId: id,
            Arn: arn(id),
            Description: 'datapipe sensors/dev',
            KeyState: 'Enabled',
            ...fake.metadata,
          },
        }
      })
      kms.on(ListResourceTagsCommand).callsFake((input: { KeyId: string }) => ({
        Tags: kmsTags(find(input.KeyId).fake.tags),
      }))
      kms.on(GetKeyPolicyCommand).callsFake((input: { KeyId: string }) => ({
        Policy: JSON.stringify(
          find(input.KeyId).fake.policy ?? { ...POLICY, Statement: POLICY.Statement[0] },
        ),
      }))
      kms
        .on(GetKeyRotationStatusCommand)
        .callsFake(
          (input: { KeyId: string }) =>
            find(input.KeyId).fake.rotation ?? { KeyRotationEnabled: true, RotationPeriodInDays: 365 },
        )
      kms.on(ListKeysCommand).resolves({ Keys: Object.keys(keys).map((KeyId) => ({ KeyId })) })
      tagging
        .on(GetResourcesCommand)
        .resolves({ ResourceTagMappingList: indexed.map((id) => ({ ResourceARN: arn(id) })) })
    },

    /** The names of the calls that write, in order. */
    writes(): string[] {
      return kms
        .calls()
        .map((call) => call.args[0].constructor.name.replace(/Command$/, ''))
        .filter((name) => !/^(Describe|Get|List)/.test(name))
    },
  }
}

export type FakeKms = ReturnType<typeof fakeKms>

/** The key under test. */
export function testKey(): KmsKey {
  return new KmsKey(testContext(), 'security/key', 'dp-sensors-dev', {
    alias: ALIAS,
    description: 'datapipe sensors/dev',
    policy: () => POLICY,
    rotationDays: 365,
    deletionDays: 7,
  })
}
