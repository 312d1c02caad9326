import {
  DeleteBucketLifecycleCommand,
  GetBucketNotificationConfigurationCommand,
  GetBucketPolicyCommand,
  GetBucketVersioningCommand,
  PutBucketNotificationConfigurationCommand,
  PutBucketPolicyCommand,
} from '@aws-sdk/client-s3'
import { expect } from 'chai'
import { testOperation } from '../../support/resource.js'
import { answerAsWanted, answerBare, contextIn, rawBucket, s3Mock, TLS_ONLY } from './support.js'

describe('Bucket: update', () => {
  const s3 = s3Mock()
  const aws = contextIn({})
  const bucket = rawBucket(aws)
  const op = testOperation()
  const emulated = contextIn({}, true)

  beforeEach(() => s3.reset())

  /** The names of the calls that write, in order. */
  function writes(): string[] {
    return s3
      .calls()
      .map((call) => call.args[0].constructor.name.replace(/Command$/, ''))
      .filter((name) => /^(Create|Put|Delete)/.test(name))
  }

  describe('update', () => {
    async function converge(one = bucket) {
      const observed = (await one.read())!
      const changes = one.diff(observed)
      await one.update(observed, changes, op)
      return changes.map((change) => change.path)
    }

    it('changes only what differs', async () => {
      answerAsWanted(s3, bucket)
      s3.on(GetBucketVersioningCommand).resolves({ Status: 'Suspended' })
      expect(await converge()).to.deep.equal(['versioning'])
      expect(writes()).to.deep.equal(['PutBucketVersioning'])
    })

    it('finishes a bucket that a killed run left bare', async () => {
      answerBare(s3)
      await converge()
      expect(writes()).to.deep.equal([
        'PutPublicAccessBlock',
        'PutBucketOwnershipControls',
        'PutBucketEncryption',
        'PutBucketVersioning',
        'PutBucketPolicy',
        'PutBucketLifecycleConfiguration',
        'PutBucketLogging',
        'PutBucketNotificationConfiguration',
        'PutBucketTagging',
      ])
    })

    it('leaves the notifications of others in place', async () => {
      answerAsWanted(s3, bucket)
      const theirs = {
        QueueArn: 'arn:aws:sqs:us-east-1:111122223333:q',
        Events: ['s3:ObjectRemoved:*' as const],
      }
      s3.on(GetBucketNotificationConfigurationCommand).resolves({ QueueConfigurations: [theirs] })
      expect(await converge()).to.deep.equal(['notifications.eventBridge'])
      const { NotificationConfiguration: put } = s3.commandCalls(
        PutBucketNotificationConfigurationCommand,
      )[0]!.args[0].input
      expect(put).to.deep.include({ QueueConfigurations: [theirs], EventBridgeConfiguration: {} })
    })

    it('switches the events off, and nothing else of the notifications', async () => {
      const silent = rawBucket(aws, { eventBridge: false })
      answerAsWanted(s3, silent)
      const theirs = {
        TopicArn: 'arn:aws:sns:us-east-1:111122223333:t',
        Events: ['s3:ObjectRemoved:*' as const],
      }
      s3.on(GetBucketNotificationConfigurationCommand).resolves({
        TopicConfigurations: [theirs],
        EventBridgeConfiguration: {},
      })
      await converge(silent)
      const { NotificationConfiguration: put } = s3.commandCalls(
        PutBucketNotificationConfigurationCommand,
      )[0]!.args[0].input
      expect(put!.TopicConfigurations).to.deep.equal([theirs])
      expect(put).to.not.have.property('EventBridgeConfiguration')
    })

    it('removes the rules when none is wanted', async () => {
      const plain = rawBucket(aws, { lifecycle: [] })
      answerAsWanted(s3, plain)
      expect(await converge(plain)).to.deep.equal(['lifecycle.cool', 'lifecycle.expire-old'])
      expect(s3.commandCalls(DeleteBucketLifecycleCommand)).to.have.length(1)
    })
  })

  describe('on an emulator', () => {
    const one = rawBucket(emulated)

    it('does not trust what it says about events, and puts them with every update', async () => {
      answerAsWanted(s3, one)
      s3.on(GetBucketNotificationConfigurationCommand).resolves({})
      s3.on(GetBucketVersioningCommand).resolves({})
      s3.on(GetBucketPolicyCommand).callsFake(() => ({
        Policy: s3.commandCalls(PutBucketPolicyCommand).at(-1)?.args[0].input.Policy,
      }))
      const first = (await one.read())!
      expect(one.diff(first).map((change) => change.path)).to.deep.equal(['versioning', 'policy'])
      await one.update(first, one.diff(first), op)
      expect(writes()).to.deep.equal([
        'PutBucketVersioning',
        'PutBucketPolicy',
        'PutBucketNotificationConfiguration',
      ])
      // What was put there is what is wanted there.
      expect(one.diff((await one.read())!).map((change) => change.path)).to.deep.equal(['versioning'])
    })

    it('words denials so that moto does not deny everything, and nowhere else', async () => {
      answerAsWanted(s3, one)
      await one.create(op)
      await bucket.create(op)
      const [there, onAws] = s3
        .commandCalls(PutBucketPolicyCommand)
        .map((call) => JSON.parse(call.args[0].input.Policy!) as unknown)
      expect(there).to.have.nested.property('Statement[0].Action').that.deep.equals(['S3:*'])
      expect(there).to.have.nested.property('Statement[0].Principal').that.deep.equals({ AWS: '*' })
      expect(onAws).to.deep.equal(TLS_ONLY)
    })
  })
})
