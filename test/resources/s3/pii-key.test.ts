import { ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3'
import { expect } from 'chai'
import { parsePiiKey } from '../../../src/transform/pii/key.js'
import { hasPiiKey, PiiKey } from '../../../src/resources/s3/pii-key.js'
import { UNKNOWN } from '../../../src/engine/change.js'
import { testContext, testOperation } from '../../support/resource.js'
import { answerVersions, s3Error, s3Mock } from './support.js'

const NAME = 'keys/pii.json'

describe('PiiKey', () => {
  const s3 = s3Mock()
  const op = testOperation()
  const aws = testContext()
  const key = (bucket = 'artifacts') =>
    new PiiKey(aws, 'storage/pii-key', NAME, { bucket: () => bucket, key: NAME })

  beforeEach(() => s3.reset())

  it('is looked for by its name, and never read', async () => {
    s3.on(ListObjectsV2Command)
      .resolvesOnce({ Contents: [{ Key: NAME }] })
      .resolvesOnce({ Contents: [{ Key: `${NAME}.bak` }] })
      .rejects(s3Error('NoSuchBucket', 404))
    expect((await key().read())?.physicalId).to.equal('s3://artifacts/keys/pii.json')
    expect(await key().read()).to.equal(undefined)
    expect(await key().read()).to.equal(undefined)
    expect(await key(UNKNOWN).read()).to.equal(undefined)
    expect(s3.calls().every(({ args }) => args[0] instanceof ListObjectsV2Command)).to.equal(true)
  })

  it('is made of 32 random bytes, only where there is none, and without tags that could make it an orphan', async () => {
    s3.on(PutObjectCommand).resolves({})
    const attributes = await key().create(op)
    await key().create(op)
    const bodies = s3.commandCalls(PutObjectCommand).map(({ args }) => {
      const { Body, IfNoneMatch, Tagging } = args[0].input
      expect({ IfNoneMatch, Tagging }).to.deep.equal({ IfNoneMatch: '*', Tagging: undefined })
      return JSON.parse(Body as string) as { schemaVersion: number; key: string }
    })
    expect(bodies.map((body) => parsePiiKey(body.key, 'x').length)).to.deep.equal([32, 32])
    expect(bodies[0]?.key).not.to.equal(bodies[1]?.key)
    expect(JSON.stringify(attributes)).not.to.include(bodies[0]?.key)
  })

  it('leaves the key of whoever was quicker', async () => {
    s3.on(PutObjectCommand).rejects(s3Error('PreconditionFailed', 412))
    expect(await key().create(op)).to.deep.equal({ bucket: 'artifacts', key: NAME })
    s3.on(PutObjectCommand).rejects(s3Error('AccessDenied', 403))
    const error = await key()
      .create(op)
      .catch((caught: unknown) => caught)
    expect(error).to.have.property('name', 'AccessDenied')
  })

  it('has nothing to change', () => {
    expect(key().diff()).to.deep.equal([])
  })

  it('goes with all its versions', async () => {
    const versions = new Set([`${NAME}@1`, `${NAME}@2`, 'config/datasets.json@1'])
    answerVersions(s3, versions)
    const observed = { physicalId: '', attributes: { bucket: 'artifacts', key: NAME }, owned: true }
    expect(await key().delete(observed, op)).to.deep.equal({ status: 'deleted' })
    expect([...versions]).to.deep.equal(['config/datasets.json@1'])
  })

  it('is found whatever the configuration says; a bucket of others has none of ours', async () => {
    s3.on(ListObjectsV2Command)
      .resolvesOnce({ Contents: [{ Key: NAME }] })
      .rejectsOnce(s3Error('AccessDenied', 403))
      .rejects(s3Error('NoSuchBucket', 404))
    expect(await hasPiiKey(aws, 'artifacts', NAME)).to.equal(true)
    expect(await hasPiiKey(aws, 'artifacts', NAME)).to.equal(false)
    expect(await hasPiiKey(aws, 'artifacts', NAME)).to.equal(false)
  })
})
