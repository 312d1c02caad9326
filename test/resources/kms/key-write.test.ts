import {
  CancelKeyDeletionCommand,
  CreateKeyCommand,
  EnableKeyCommand,
  EnableKeyRotationCommand,
  ListKeysCommand,
  ListResourceTagsCommand,
  ScheduleKeyDeletionCommand,
  TagResourceCommand,
} from '@aws-sdk/client-kms'
import { expect } from 'chai'
import { kmsTags } from '../../../src/aws/tags.js'
import { testOperation } from '../../support/resource.js'

import { arn, fakeKms, notFound, pending, POLICY, testKey, UNTIL, type FakeKey } from './support.js'

describe('KmsKey: create, update, delete', () => {
  const fake = fakeKms()
  const { kms } = fake
  const key = testKey()
  const op = testOperation()
  const ours = (changes: Partial<FakeKey> = {}): FakeKey => ({ metadata: {}, tags: key.tags, ...changes })

  beforeEach(() => fake.reset())

  describe('create', () => {
    it('makes a tagged key with its policy and rotation, after looking everywhere', async () => {
      fake.answer({ theirs: ours({ tags: {} }) })
      kms.on(CreateKeyCommand).resolves({ KeyMetadata: { KeyId: 'k1', Arn: arn('k1') } })
      expect(await key.create(op)).to.deep.equal({ keyId: 'k1', arn: arn('k1') })
      expect(fake.writes()).to.deep.equal(['CreateKey', 'EnableKeyRotation'])
      expect(kms.commandCalls(CreateKeyCommand)[0]!.args[0].input).to.deep.include({
        Tags: kmsTags(key.tags),
        Policy: JSON.stringify(POLICY),
      })
      expect(kms.commandCalls(EnableKeyRotationCommand)[0]!.args[0].input).to.deep.equal({
        KeyId: 'k1',
        RotationPeriodInDays: 365,
      })
    })

    it('makes no second key when the index has not seen the first one yet', async () => {
      fake.answer({ k1: ours({ rotation: { KeyRotationEnabled: false } }), theirs: ours({ tags: {} }) })
      expect(await key.read()).to.equal(undefined)
      expect(await key.create(op)).to.deep.equal({ keyId: 'k1', arn: arn('k1') })
      expect(fake.writes()).to.deep.equal(['EnableKeyRotation'])
    })

    it('passes over keys that it may not look at', async () => {
      fake.answer({})
      kms.on(ListKeysCommand).resolves({ Keys: [{ KeyId: 'secret' }] })
      kms
        .on(ListResourceTagsCommand)
        .rejects(Object.assign(new Error('denied'), { name: 'AccessDeniedException' }))
      kms.on(CreateKeyCommand).resolves({ KeyMetadata: { KeyId: 'k1', Arn: arn('k1') } })
      expect((await key.create(op)).keyId).to.equal('k1')
    })

    it('waits for principals and keys that KMS does not see yet', async () => {
      fake.answer({})
      const malformed = Object.assign(
        new Error('Policy contains a statement with one or more invalid principals.'),
        {
          name: 'MalformedPolicyDocumentException',
        },
      )
      kms
        .on(CreateKeyCommand)
        .rejectsOnce(malformed)
        .resolves({ KeyMetadata: { KeyId: 'k1', Arn: arn('k1') } })
      kms.on(EnableKeyRotationCommand).rejectsOnce(notFound).resolves({})
      expect((await key.create(op)).keyId).to.equal('k1')
      expect(kms.commandCalls(CreateKeyCommand)).to.have.length(2)
      expect(kms.commandCalls(EnableKeyRotationCommand)).to.have.length(2)
    })
  })

  describe('update', () => {
    async function converge(): Promise<void> {
      const observed = (await key.read())!
      await key.update(observed, key.diff(observed), op)
    }

    it('takes a key back that waits to be deleted, before anything else', async () => {
      fake.answer({ k1: ours({ metadata: { ...pending, Description: 'x' } }) }, undefined, ['k1'])
      await converge()
      expect(fake.writes()).to.deep.equal([
        'CancelKeyDeletion',
        'EnableKey',
        'EnableKeyRotation',
        'UpdateKeyDescription',
      ])
    })

    it('enables a key that a killed run had taken back only half', async () => {
      fake.answer({ k1: ours({ metadata: { KeyState: 'Disabled' } }) }, 'k1')
      await converge()
      expect(kms.commandCalls(CancelKeyDeletionCommand)).to.have.length(0)
      expect(kms.commandCalls(EnableKeyCommand)).to.have.length(1)
    })

    it('waits until KMS knows that the deletion was taken back', async () => {
      fake.answer({ k1: ours({ metadata: pending }) }, 'k1')
      kms
        .on(EnableKeyCommand)
        .rejectsOnce(Object.assign(new Error('pending'), { name: 'KMSInvalidStateException' }))
        .resolves({})
      await converge()
      expect(kms.commandCalls(EnableKeyCommand)).to.have.length(2)
    })

    it('changes only what differs', async () => {
      fake.answer({ k1: ours({ tags: { ...key.tags, Name: 'x' } }) }, 'k1')
      await converge()
      expect(fake.writes()).to.deep.equal(['TagResource'])
      expect(kms.commandCalls(TagResourceCommand)[0]!.args[0].input.Tags).to.deep.equal(kmsTags(key.tags))
    })
  })

  describe('delete', () => {
    it('schedules the deletion and says until when the key can be had back', async () => {
      fake.answer({ k1: ours() }, 'k1')
      kms.on(ScheduleKeyDeletionCommand).resolves({ DeletionDate: UNTIL })
      expect(await key.delete((await key.read())!)).to.deep.equal({
        status: 'scheduled',
        until: UNTIL.toISOString(),
      })
      expect(kms.commandCalls(ScheduleKeyDeletionCommand)[0]!.args[0].input).to.deep.equal({
        KeyId: 'k1',
        PendingWindowInDays: 7,
      })
    })

    it('leaves one alone that is scheduled already, and says its date', async () => {
      fake.answer({ k1: ours({ metadata: pending }) }, undefined, ['k1'])
      const observed = (await key.read())!
      expect(observed.pendingDeletionUntil).to.equal(UNTIL.toISOString())
      expect(await key.delete(observed)).to.deep.equal({ status: 'scheduled', until: UNTIL.toISOString() })
      expect(fake.writes()).to.deep.equal([])
    })

    it('says the date when another run was faster', async () => {
      fake.answer({ k1: ours() }, 'k1')
      const observed = (await key.read())!
      fake.answer({ k1: ours({ metadata: pending }) }, 'k1')
      kms
        .on(ScheduleKeyDeletionCommand)
        .rejects(Object.assign(new Error('pending'), { name: 'KMSInvalidStateException' }))
      expect(await key.delete(observed)).to.deep.equal({ status: 'scheduled', until: UNTIL.toISOString() })
    })

    it('is absent when it is gone', async () => {
      fake.answer({ k1: ours() }, 'k1')
      const observed = (await key.read())!
      kms.on(ScheduleKeyDeletionCommand).rejects(notFound)
      expect(await key.delete(observed)).to.deep.equal({ status: 'absent' })
    })
  })
})
