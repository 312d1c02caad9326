import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { expect } from 'chai'
import { readPiiKey } from '../../../src/transform/container/pii-key.js'
import { suiteMock } from '../../support/suite-mock.js'
import { failure } from '../support/files.js'

describe('the key of the hashes in a task', () => {
  const s3 = suiteMock(S3Client)
  const client = new S3Client({ region: 'us-east-1' })
  const holds = (text: string) =>
    s3
      .on(GetObjectCommand, { Bucket: 'artifacts', Key: 'keys/pii.json' })
      .resolves({ Body: { transformToString: () => Promise.resolve(text) } as never })
  beforeEach(() => s3.reset())

  it('is the one that up made', async () => {
    const key = Buffer.alloc(32, 7)
    holds(JSON.stringify({ schemaVersion: 1, key: key.toString('base64') }))
    expect(await readPiiKey(client, 'artifacts')).to.deep.equal(key)
  })

  it('is nobody’s data error when it is missing or damaged, and is not told', async () => {
    s3.on(GetObjectCommand).rejects(
      Object.assign(new Error('NoSuchKey'), { name: 'NoSuchKey', $metadata: { httpStatusCode: 404 } }),
    )
    const missing = await failure(readPiiKey(client, 'artifacts'))
    expect(missing).to.include({ code: 'PII_KEY_MISSING', name: 'DatapipeError' })
    expect(missing.message).to.include('s3://artifacts/keys/pii.json')
    for (const text of ['{"schemaVersion":1,"key":"c2hvcnQ="}', '{"key":"c2hvcnQ="}']) {
      holds(text)
      const damaged = await failure(readPiiKey(client, 'artifacts'))
      expect(damaged).to.include({ code: 'PII_KEY_INVALID', name: 'DatapipeError' })
      expect(damaged.message).not.to.include('c2hvcnQ')
    }
  })
})
