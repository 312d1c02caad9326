import {
  CreateBucketCommand,
  GetBucketTaggingCommand,
  HeadBucketCommand,
  ListObjectVersionsCommand,
  PutBucketEncryptionCommand,
  PutBucketPolicyCommand,
  PutBucketTaggingCommand,
  PutBucketVersioningCommand,
} from '@aws-sdk/client-s3'
import { expect } from 'chai'
import { upperTags } from '../../../src/aws/tags.js'
import { testOperation } from '../../support/resource.js'
import { answerAsWanted, answerBare, contextIn, rawBucket, s3Error, s3Mock } from './support.js'

describe('Bucket: create', () => {
  const s3 = s3Mock()
  const aws = contextIn({})
  const bucket = rawBucket(aws)
  const op = testOperation()

  beforeEach(() => s3.reset())

  /** The names of the calls that write, in order. */
  function writes(): string[] {
    return s3
      .calls()
      .map((call) => call.args[0].constructor.name.replace(/Command$/, ''))
      .filter((name) => /^(Create|Put|Delete)/.test(name))
  }

  describe('create', () => {
    beforeEach(() => {
      answerAsWanted(s3, bucket)
      s3.on(CreateBucketCommand).resolves({})
    })

    async function creation(place: Parameters<typeof contextIn>[0], isEmulated = false) {
      const one = rawBucket(contextIn(place, isEmulated))
      answerAsWanted(s3, one)
      await one.create(op)
      return s3.commandCalls(CreateBucketCommand)[0]!.args[0].input
    }

    it('names no location in us-east-1, takes the account’s own namespace, tags at once', async () => {
      expect(await creation({})).to.deep.equal({
        Bucket: bucket.name,
        ObjectOwnership: 'BucketOwnerEnforced',
        BucketNamespace: 'account-regional',
        CreateBucketConfiguration: { Tags: upperTags(bucket.tags) },
      })
    })

    it('names the location elsewhere', async () => {
      const { CreateBucketConfiguration } = await creation({ region: 'eu-north-1' })
      expect(CreateBucketConfiguration).to.have.property('LocationConstraint', 'eu-north-1')
    })

    it('asks for no namespace where it is global, nor on an emulator', async () => {
      expect(await creation({ bucketNamespace: 'global' })).to.not.have.property('BucketNamespace')
      s3.resetHistory()
      expect(await creation({}, true)).to.not.have.property('BucketNamespace')
    })

    it('closes it first, opens the events last, and changes one thing at a time', async () => {
      let underWay = 0
      let most = 0
      const slowly = async () => {
        most = Math.max(most, ++underWay)
        await new Promise((resolve) => setTimeout(resolve, 1))
        underWay--
        return {}
      }
      s3.onAnyCommand().callsFake(slowly)
      answerAsWanted(s3, bucket)
      await bucket.create(op)
      expect(most).to.equal(1)
      expect(writes()).to.deep.equal([
        'CreateBucket',
        'PutPublicAccessBlock',
        'PutBucketOwnershipControls',
        'PutBucketEncryption',
        'PutBucketVersioning',
        'PutBucketPolicy',
        'PutBucketLifecycleConfiguration',
        'PutBucketLogging',
        'PutBucketNotificationConfiguration',
      ])
    })

    it('puts the tags again where the creation ignored them, keeping those of others', async () => {
      s3.on(GetBucketTaggingCommand).resolves({ TagSet: [{ Key: 'team', Value: 'ops' }] })
      await bucket.create(op)
      expect(
        s3.commandCalls(PutBucketTaggingCommand)[0]!.args[0].input.Tagging!.TagSet,
      ).to.deep.include.members([{ Key: 'team', Value: 'ops' }, ...upperTags(bucket.tags)])
    })

    it('blocks SSE-C and saves KMS calls with the bucket key', async () => {
      await bucket.create(op)
      expect(
        s3.commandCalls(PutBucketEncryptionCommand)[0]!.args[0].input.ServerSideEncryptionConfiguration!
          .Rules![0],
      ).to.deep.include({ BucketKeyEnabled: true, BlockedEncryptionTypes: { EncryptionType: ['SSE-C'] } })
    })

    it('says so when another account has the name', async () => {
      s3.on(CreateBucketCommand).rejects(s3Error('BucketAlreadyExists', 409))
      const error = await bucket.create(op).catch((thrown: unknown) => thrown)
      expect(error).to.have.property('code', 'BUCKET_NOT_OURS')
    })

    it('goes on when it is there already, and when the name is not free for a moment', async () => {
      s3.on(CreateBucketCommand)
        .rejectsOnce(s3Error('OperationAborted', 409))
        .rejects(s3Error('BucketAlreadyOwnedByYou', 409))
      await bucket.create(op)
      expect(writes().filter((name) => name === 'CreateBucket')).to.have.length(2)
      expect(writes().at(-1)).to.equal('PutBucketNotificationConfiguration')
    })

    it('repeats what S3 refuses because of another change, a new principal or a new bucket', async () => {
      s3.on(PutBucketVersioningCommand)
        .rejectsOnce(s3Error('OperationAborted', 409))
        .rejectsOnce(s3Error('NoSuchBucket', 404))
        .resolves({})
      const unknown = Object.assign(new Error('Invalid principal in policy'), { name: 'MalformedPolicy' })
      s3.on(PutBucketPolicyCommand).rejectsOnce(unknown).resolves({})
      expect(await bucket.create(op)).to.deep.equal(bucket.attributes)
      expect(s3.commandCalls(PutBucketVersioningCommand)).to.have.length(3)
      expect(s3.commandCalls(PutBucketPolicyCommand)).to.have.length(2)
    })
  })

  describe('bootstrap', () => {
    it('creates a bare, closed bucket with tags, and says so', async () => {
      answerAsWanted(s3, bucket)
      s3.on(HeadBucketCommand).rejectsOnce(s3Error('NotFound', 404)).resolves({})
      expect(await bucket.bootstrap(op)).to.equal(true)
      expect(writes()).to.deep.equal(['CreateBucket', 'PutPublicAccessBlock'])
    })

    it('touches nothing when it is there', async () => {
      answerAsWanted(s3, bucket)
      expect(await bucket.bootstrap(op)).to.equal(false)
      expect(writes()).to.deep.equal([])
    })

    it('finishes what a killed run began', async () => {
      answerBare(s3)
      expect(await bucket.bootstrap(op)).to.equal(false)
      expect(writes()).to.deep.equal(['PutPublicAccessBlock', 'PutBucketTagging'])
    })

    it('refuses a bucket of others, touching nothing, unless it may be adopted', async () => {
      answerBare(s3)
      s3.on(ListObjectVersionsCommand).resolves({ Versions: [{ Key: 'theirs', VersionId: 'null' }] })
      const error = await bucket.bootstrap(op).catch((thrown: unknown) => thrown)
      expect(error).to.have.property('code', 'FOREIGN_RESOURCE')
      expect(writes()).to.deep.equal([])
      expect(await bucket.bootstrap(op, true)).to.equal(false)
      expect(writes()).to.include('PutBucketTagging')
    })

    it('refuses a bucket of another account', async () => {
      s3.on(HeadBucketCommand).rejects(s3Error('UnknownError', 403))
      const error = await bucket.bootstrap(op).catch((thrown: unknown) => thrown)
      expect(error).to.have.property('code', 'BUCKET_NOT_OURS')
    })
  })
})
