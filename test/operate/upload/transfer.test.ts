import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PutObjectCommand, S3Client, UploadPartCommand, type PutObjectCommandInput } from '@aws-sdk/client-s3'
import { mockClient } from 'aws-sdk-client-mock'
import { expect } from 'chai'
import { DatapipeError } from '../../../src/errors.js'
import { UploadClient } from '../../../src/operate/upload/client.js'
import { encodeCrc32, fingerprint } from '../../../src/operate/upload/fingerprint.js'
import { partPlan } from '../../../src/operate/upload/parts.js'
import { inspectSources } from '../../../src/operate/upload/source.js'
import { compareStored, requireStored } from '../../../src/operate/upload/stored.js'
import { testContext } from '../../support/resource.js'
import { scratchFolder, signal } from '../support.js'

const MIB = 2 ** 20

describe('the parts of a large file', () => {
  const cases: [bytes: number, partMib: number, count: number, concurrency: number][] = [
    [8 * MIB + 1, 8, 2, 2],
    [80_000 * MIB, 8, 10_000, 4],
    [80_000 * MIB + 1, 9, 8889, 4],
    [5 * 2 ** 40, 525, 9987, 1],
  ]
  for (const [bytes, partMib, count, concurrency] of cases) {
    it(`of ${bytes} bytes are ${count} of ${partMib} MiB`, () => {
      expect(partPlan(bytes)).to.deep.equal({ partBytes: partMib * MIB, count, concurrency })
    })
  }
})

describe('a fingerprint', () => {
  it('has the checksums of the whole and of each part', async () => {
    const folder = await scratchFolder()
    // CRC-32 of "123456789" is cbf43926 by definition.
    await writeFile(join(folder.path, 'a.csv'), '123456789123456789123')
    const [source] = await inspectSources(['a.csv'], folder.path)
    const print = await fingerprint(source!, 9, signal)
    await folder.remove()
    expect(print.partCrc32s.slice(0, 2)).to.deep.equal([encodeCrc32(0xcbf43926), 'y/Q5Jg=='])
    expect(print.partCrc32s).to.have.lengthOf(3)
    expect(print.sha256).to.equal(createHash('sha256').update('123456789123456789123').digest('hex'))
  })
})

describe('a stored checksum', () => {
  it('that differs from the file is an error; one that is not told is none', () => {
    const object = { Bucket: 'b', Key: 'k' }
    expect(() => requireStored(object, 'AAAAAA==', 'AAAAAQ=='))
      .to.throw(DatapipeError, 's3://b/k was stored with checksum AAAAAQ==, but the file has AAAAAA==.')
      .with.property('code', 'UPLOAD_CORRUPTED')
    expect(() => requireStored(object, 'AAAAAA==', undefined)).not.to.throw()
  })
})

describe('an upload request', () => {
  /** Headers as they would be sent. */
  async function headers(endpoint: string, command: PutObjectCommand | UploadPartCommand) {
    const client = new UploadClient({
      region: 'us-east-1',
      endpoint,
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      maxAttempts: 1,
      retryMode: 'standard',
    })
    let sent: Record<string, string> = {}
    client.middlewareStack.add(
      () => (args) => {
        sent = (args.request as { headers: Record<string, string> }).headers
        return Promise.resolve({ response: {}, output: { $metadata: {} } })
      },
      { step: 'finalizeRequest', priority: 'low', name: 'capture' },
    )
    await client.send(command as PutObjectCommand)
    client.destroy()
    return sent
  }

  const body = Buffer.alloc(3 * MIB)
  const input = {
    Bucket: 'b',
    Key: 'k',
    Body: body,
    ContentLength: body.length,
    ChecksumAlgorithm: 'CRC32',
    ChecksumCRC32: 'AAAAAA==',
  } satisfies PutObjectCommandInput

  it('is not hashed again for its signature over TLS, and waits for no 100-continue', async () => {
    const secure = await headers('https://s3.example', new PutObjectCommand(input))
    expect(secure['x-amz-content-sha256']).to.equal('UNSIGNED-PAYLOAD')
    expect(secure['x-amz-checksum-crc32']).to.equal('AAAAAA==')
    expect(secure).not.to.have.property('Expect')
    expect(secure).to.have.property('authorization')
    const part = await headers(
      'https://s3.example',
      new UploadPartCommand({ ...input, UploadId: 'u', PartNumber: 1 }),
    )
    expect(part['x-amz-content-sha256']).to.equal('UNSIGNED-PAYLOAD')
  })

  it('is signed with its content where nothing else protects it', async () => {
    const plain = await headers('http://127.0.0.1:1', new PutObjectCommand(input))
    expect(plain['x-amz-content-sha256']).to.equal(createHash('sha256').update(body).digest('hex'))
  })
})

describe('looking at what is stored', () => {
  it('is not allowed to everyone who may upload', async () => {
    const aws = testContext()
    const s3 = mockClient(aws.clients.of(S3Client))
    s3.rejects(Object.assign(new Error('Forbidden'), { name: '403', $metadata: { httpStatusCode: 403 } }))
    const target = { bucket: 'b', key: 'k', dataset: 'd' }
    const stored = await compareStored(aws, target, { bytes: 1, sha256: 'x' }, signal)
    expect(stored).to.deep.equal({ state: 'hidden' })
  })
})
