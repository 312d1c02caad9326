import { createHash } from 'node:crypto'
import { HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { expect } from 'chai'
import { UNKNOWN } from '../../../src/engine/change.js'
import { S3Object } from '../../../src/resources/s3/object.js'
import { testContext, testOperation } from '../../support/resource.js'
import { answerVersions, s3Error, s3Mock } from './support.js'

const BODY = '{"datasets":{}}'
const HASH = createHash('sha256').update(BODY).digest('hex')

describe('S3Object', () => {
  const s3 = s3Mock()
  const op = testOperation()
  const properties = {
    bucket: () => 'artifacts',
    key: 'config/datasets.json',
    body: () => BODY,
    contentType: 'application/json',
  }
  const object = new S3Object(testContext(), 'storage/config', 'config/datasets.json', properties)

  beforeEach(() => s3.reset())

  it('is absent without the object, without the bucket, and before the bucket is known', async () => {
    s3.on(HeadObjectCommand).rejectsOnce(s3Error('NotFound', 404)).rejects(s3Error('NoSuchBucket', 404))
    expect(await object.read()).to.equal(undefined)
    expect(await object.read()).to.equal(undefined)
    const early = new S3Object(testContext(), 'x', 'x', { ...properties, bucket: () => UNKNOWN })
    expect(await early.read()).to.equal(undefined)
    expect(s3.commandCalls(HeadObjectCommand)).to.have.length(2)
  })

  it('puts the content with its hash and its tags', async () => {
    s3.on(PutObjectCommand).resolves({})
    await object.create(op)
    const { input } = s3.commandCalls(PutObjectCommand)[0]!.args[0]
    expect(input).to.deep.include({
      Bucket: 'artifacts',
      ExpectedBucketOwner: '111122223333',
      Key: 'config/datasets.json',
      Body: BODY,
      Metadata: { 'dp-sha256': HASH },
    })
    expect(Object.fromEntries(new URLSearchParams(input.Tagging))).to.deep.equal(object.tags)
  })

  it('knows its content by the hash, reading none of it', async () => {
    s3.on(HeadObjectCommand).resolves({ ContentType: 'application/json', Metadata: { 'dp-sha256': HASH } })
    expect(object.diff((await object.read())!)).to.deep.equal([])
    expect(s3.calls()).to.have.length(1)
  })

  it('shows other content and another type, each by its path', async () => {
    s3.on(HeadObjectCommand).resolves({ ContentType: 'application/json' })
    expect(object.diff((await object.read())!).map((change) => change.path)).to.deep.equal(['sha256'])
    s3.on(HeadObjectCommand).resolves({ ContentType: 'text/plain', Metadata: { 'dp-sha256': HASH } })
    expect(object.diff((await object.read())!).map((change) => change.path)).to.deep.equal(['contentType'])
  })

  it('leaves no version behind', async () => {
    const versions = new Set([
      'config/datasets.json@1',
      'config/datasets.json@2',
      'config/datasets.json.old@1',
    ])
    answerVersions(s3, versions)
    s3.on(HeadObjectCommand).resolves({})
    const observed = (await object.read())!
    expect(await object.delete(observed, op)).to.deep.equal({ status: 'deleted' })
    expect([...versions]).to.deep.equal(['config/datasets.json.old@1'])
    expect(await object.delete(observed, op)).to.deep.equal({ status: 'absent' })
  })
})
