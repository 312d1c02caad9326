import {
  GetBucketLoggingCommand,
  GetBucketNotificationConfigurationCommand,
  GetBucketPolicyCommand,
  GetBucketTaggingCommand,
  HeadBucketCommand,
  ListObjectVersionsCommand,
} from '@aws-sdk/client-s3'
import { expect } from 'chai'
import { upperTags } from '../../../src/aws/tags.js'
import { DatapipeError } from '../../../src/errors.js'
import { answerAsWanted, answerBare, contextIn, rawBucket, s3Error, s3Mock } from './support.js'

describe('Bucket: read', () => {
  const s3 = s3Mock()
  const aws = contextIn({})
  const bucket = rawBucket(aws)

  beforeEach(() => s3.reset())

  it('is absent on 404', async () => {
    s3.on(HeadBucketCommand).rejects(s3Error('NotFound', 404))
    expect(await bucket.read()).to.equal(undefined)
  })

  it('is absent when it goes away between the head and the other reads', async () => {
    answerAsWanted(s3, bucket)
    s3.on(GetBucketPolicyCommand).rejects(s3Error('NoSuchBucket', 404))
    expect(await bucket.read()).to.equal(undefined)
  })

  it('is somebody else’s on 403', async () => {
    s3.on(HeadBucketCommand).rejects(s3Error('UnknownError', 403))
    const error = await bucket.read().catch((thrown: unknown) => thrown)
    expect(error).to.be.instanceOf(DatapipeError).with.property('code', 'BUCKET_NOT_OURS')
    expect(error).to.have.property('message').that.includes(bucket.name)
  })

  it('is refused in another region', async () => {
    s3.on(HeadBucketCommand).resolves({ BucketRegion: 'eu-north-1' })
    const error = await bucket.read().catch((thrown: unknown) => thrown)
    expect(error).to.have.property('code', 'BUCKET_IN_OTHER_REGION')
  })

  it('has no difference when it is as wanted, in ten calls that all name the owner', async () => {
    answerAsWanted(s3, bucket)
    const observed = (await bucket.read())!
    expect(bucket.diff(observed)).to.deep.equal([])
    expect(observed.owned).to.equal(true)
    expect(observed.attributes).to.deep.equal({
      bucket: 'dp-sensors-dev-raw-111122223333-us-east-1-an',
      arn: 'arn:aws:s3:::dp-sensors-dev-raw-111122223333-us-east-1-an',
    })
    const inputs = s3.calls().map((call) => call.args[0].input as { ExpectedBucketOwner?: string })
    expect(inputs).to.have.length(10)
    expect(inputs.every((input) => input.ExpectedBucketOwner === '111122223333')).to.equal(true)
  })

  it('does not look at what nobody asked for', async () => {
    answerAsWanted(s3, bucket)
    await rawBucket(aws, { accessLogs: undefined, eventBridge: undefined }).read()
    expect(s3.commandCalls(GetBucketLoggingCommand)).to.have.length(0)
    expect(s3.commandCalls(GetBucketNotificationConfigurationCommand)).to.have.length(0)
  })

  describe('whose it is', () => {
    it('is foreign with the tags of another environment', async () => {
      answerAsWanted(s3, bucket)
      s3.on(GetBucketTaggingCommand).resolves({
        TagSet: upperTags({ ...bucket.tags, 'datapipe:env': 'prod' }),
      })
      expect((await bucket.read())!.owned).to.equal(false)
    })

    it('is foreign without tags when it holds an object', async () => {
      answerBare(s3)
      s3.on(ListObjectVersionsCommand).resolves({ Versions: [{ Key: 'theirs', VersionId: 'null' }] })
      expect((await bucket.read())!.owned).to.equal(false)
    })

    it('is foreign without tags when it holds a delete marker', async () => {
      answerBare(s3)
      s3.on(ListObjectVersionsCommand).resolves({ DeleteMarkers: [{ Key: 'theirs', VersionId: '1' }] })
      expect((await bucket.read())!.owned).to.equal(false)
    })

    it('is ours without any tag while it is empty: a creation that was killed', async () => {
      answerBare(s3)
      const observed = (await bucket.read())!
      expect(observed.owned).to.equal(true)
      expect(bucket.diff(observed).map((change) => change.path)).to.deep.equal([
        'publicAccess',
        'ownership',
        'encryption',
        'versioning',
        'policy',
        'lifecycle.expire-old',
        'lifecycle.cool',
        'accessLogs',
        'notifications.eventBridge',
        'tags.datapipe:project',
        'tags.datapipe:env',
        'tags.datapipe:id',
        'tags.datapipe:managed',
        'tags.Name',
      ])
    })
  })
})
