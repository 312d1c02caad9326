import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PutObjectCommand, UploadPartCommand, type PutObjectCommandInput } from '@aws-sdk/client-s3'
import { mockClient } from 'aws-sdk-client-mock'
import { expect } from 'chai'
import { DatapipeError } from '../../../src/errors.js'
import { UploadClient } from '../../../src/operate/upload/client.js'
import { readContent, type Content } from '../../../src/operate/upload/content.js'
import { partLength, partPlan } from '../../../src/operate/upload/parts.js'
import { inspectSources } from '../../../src/operate/upload/source.js'
import {
  conditionFor,
  isSame,
  lookAt,
  requireStored,
  type StoredObject,
} from '../../../src/operate/upload/stored.js'
import { testContext } from '../../support/resource.js'
import { failure, scratchFolder, signal } from '../support.js'

const MIB = 2 ** 20

describe('the parts of a large file', () => {
  const cases: [bytes: number, partMib: number, count: number, concurrency: number][] = [
    [8 * MIB + 1, 8, 2, 2],
    [80_000 * MIB, 8, 10_000, 4],
    [80_000 * MIB + 1, 9, 8889, 4],
    [50 * 10 ** 9, 8, 5961, 4],
    [10 ** 12, 96, 9935, 2],
    [5 * 2 ** 40, 525, 9987, 1],
  ]
  for (const [bytes, partMib, count, concurrency] of cases) {
    it(`of ${bytes} bytes are ${count} of ${partMib} MiB`, () => {
      const plan = partPlan(bytes)
      expect(plan).to.deep.equal({ bytes, partBytes: partMib * MIB, count, concurrency })
      const last = partLength(plan, count - 1)
      expect(last).to.be.within(1, plan.partBytes)
      expect((count - 1) * plan.partBytes + last).to.equal(bytes)
      expect(partLength(plan, count)).to.equal(0)
      // What is in memory at once: one part is read while the others are sent.
      expect((concurrency > 1 ? concurrency + 1 : 1) * plan.partBytes).to.be.at.most(525 * MIB)
    })
  }
})

describe('the content of a file', () => {
  const sha256 = (data: string | Buffer) => createHash('sha256').update(data).digest()
  const text = '123456789123456789123'
  const plan = { bytes: text.length, partBytes: 9, count: 3, concurrency: 1 }

  it('is called by its SHA-256, and by that of the SHA-256 of its parts', async () => {
    const folder = await scratchFolder()
    await writeFile(join(folder.path, 'a.csv'), text)
    const [source] = await inspectSources(['a.csv'], folder.path)
    const content = await readContent(source!, plan, signal)
    await folder.remove()
    const parts = ['123456789', '123456789', '123'].map(sha256)
    expect(content).to.deep.equal({
      bytes: 21,
      sha256: sha256(text).toString('hex'),
      composite: `${sha256(Buffer.concat(parts)).toString('base64')}-3`,
    })
  })

  it('that the disk cannot read is an error which names the file', async function () {
    if (process.platform !== 'linux') this.skip()
    // Reading memory that nobody has is the error of a bad disk.
    const source = { path: 'a.csv', absolutePath: '/proc/self/mem', name: 'a.csv', ...plan }
    const broken = { ...source, modifiedNs: 0n, changedNs: 0n, inode: '0:0' }
    const error = await failure(readContent(broken, plan, signal))
    expect(error.code).to.equal('FILE_NOT_READABLE')
    expect(error.message).to.equal('Cannot read a.csv: EIO: i/o error, read')
  })
})

describe('an object', () => {
  const content: Content = { bytes: 21, sha256: 'aa', composite: 'YYYY-3' }
  const stored: StoredObject = {
    state: 'present',
    bytes: 21,
    etag: '"e"',
    versionId: 'v',
    checksum: undefined,
    claimed: undefined,
  }

  const cases: [what: string, stored: Partial<StoredObject>, same: boolean][] = [
    ['of the same parts', { checksum: 'YYYY-3' }, true],
    ['of the same parts, which does not say how many', { checksum: 'YYYY' }, true],
    ['of other parts', { checksum: 'ZZZZ-3' }, false],
    ['of other parts that claims to be it', { checksum: 'ZZZZ-3', claimed: 'aa' }, false],
    ['of more parts', { checksum: 'YYYY-4' }, false],
    ['of more parts that claims to be it', { checksum: 'ZZZZ-4', claimed: 'aa' }, true],
    ['of the same whole', { checksum: 'qg==' }, true],
    ['of another whole that claims to be it', { checksum: 'qq==', claimed: 'aa' }, false],
    ['that only claims to be it', { claimed: 'aa' }, true],
    ['that tells nothing', {}, false],
    ['of another length', { bytes: 20, checksum: 'YYYY-3' }, false],
  ]
  for (const [what, differing, same] of cases) {
    it(`${what} is ${same ? 'the file' : 'another'}`, () => {
      expect(isSame({ ...stored, ...differing }, content)).to.equal(same)
    })
  }

  it('is only replaced while it is what it was', () => {
    expect(conditionFor(stored)).to.deep.equal({ IfMatch: '"e"' })
    expect(conditionFor({ state: 'absent' })).to.deep.equal({ IfNoneMatch: '*' })
    expect(conditionFor({ state: 'hidden' })).to.deep.equal({})
  })
})

describe('a stored checksum', () => {
  it('that differs from the file is an error; one that is not told is none', () => {
    const object = { Bucket: 'b', Key: 'k' }
    expect(() => requireStored(object, 'AAAAAA==', 'AAAAAQ=='))
      .to.throw(DatapipeError, 's3://b/k was stored with checksum AAAAAQ==, but the file has AAAAAA==.')
      .with.property('code', 'UPLOAD_CORRUPTED')
    expect(() => requireStored(object, 'AAAAAA==-2', 'AAAAAQ==')).to.throw(DatapipeError)
    expect(() => requireStored(object, 'AAAAAA==', undefined)).not.to.throw()
    expect(() => requireStored(object, 'AAAAAA==-2', 'AAAAAA==')).not.to.throw()
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
    ChecksumAlgorithm: 'SHA256',
    ChecksumSHA256: createHash('sha256').update(body).digest('base64'),
  } satisfies PutObjectCommandInput

  for (const endpoint of ['https://s3.example', 'http://127.0.0.1:1']) {
    it(`to ${endpoint} is signed with the hash that S3 checks, and waits for no 100-continue`, async () => {
      const part = new UploadPartCommand({ ...input, UploadId: 'u', PartNumber: 1 })
      for (const command of [new PutObjectCommand(input), part]) {
        const sent = await headers(endpoint, command)
        expect(sent['x-amz-content-sha256']).to.equal(createHash('sha256').update(body).digest('hex'))
        expect(sent['x-amz-checksum-sha256']).to.equal(input.ChecksumSHA256)
        expect(sent).not.to.have.property('Expect')
        expect(sent.authorization).to.include('x-amz-content-sha256')
      }
    })
  }
})

describe('looking at what is stored', () => {
  it('is not allowed to everyone who may upload', async () => {
    const aws = testContext()
    const s3 = mockClient(aws.clients.of(UploadClient))
    s3.rejects(Object.assign(new Error('Forbidden'), { name: '403', $metadata: { httpStatusCode: 403 } }))
    const target = { bucket: 'b', key: 'k', dataset: 'd' }
    const stored = await lookAt(aws, target, signal)
    expect(stored).to.deep.equal({ state: 'hidden' })
  })
})
