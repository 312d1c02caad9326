import { createHash, randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { expect } from 'chai'
import { fetchObject, fetchSource, type ObjectVersion } from '../../../src/transform/container/fetch.js'
import { PreconditionLost } from '../../../src/transform/container/objects.js'
import { planUpload, runUpload } from '../../../src/transform/container/upload.js'
import { DataError } from '../../../src/transform/errors.js'
import { startMoto, type Moto } from '../../support/moto.js'
import { failure, Workplace } from '../support/files.js'

const MIB = 1024 * 1024
const VERSIONED = 'versioned'
const PLAIN = 'plain'
const KEY = 'inbox/data/a file.csv'

describe('bytes between S3 and the disk', function () {
  this.timeout(60_000)
  let moto: Moto
  let s3: S3Client
  let place: Workplace
  /** Happens once before the second GET of a part. */
  let meanwhile: (() => Promise<unknown>) | undefined
  let sent: string[] = []
  before(async () => {
    moto = await startMoto()
    s3 = new S3Client({
      endpoint: moto.endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: 'testing', secretAccessKey: 'testing' },
      forcePathStyle: true,
      maxAttempts: 1,
    })
    s3.middlewareStack.add(
      (next, { commandName = '' }) =>
        async (args) => {
          const isSecond = commandName === 'GetObjectCommand' && sent.includes(commandName)
          sent.push(commandName)
          const happening = meanwhile
          if (isSecond && happening) {
            meanwhile = undefined
            await happening()
          }
          return next(args)
        },
      { step: 'initialize' },
    )
    for (const Bucket of [VERSIONED, PLAIN]) await s3.send(new CreateBucketCommand({ Bucket }))
    await s3.send(
      new PutBucketVersioningCommand({ Bucket: VERSIONED, VersioningConfiguration: { Status: 'Enabled' } }),
    )
  })
  after(async () => {
    s3.destroy()
    await moto.stop()
  })
  beforeEach(async () => {
    place = await Workplace.make()
    sent = []
    meanwhile = undefined
  })
  afterEach(() => place.remove())

  const put = async (Bucket: string, Body: Buffer): Promise<ObjectVersion> => {
    const { ETag, VersionId } = await s3.send(new PutObjectCommand({ Bucket, Key: KEY, Body }))
    return {
      bucket: Bucket,
      key: KEY,
      versionId: VersionId,
      etag: ETag ?? '',
      bytes: Body.length,
      lastModified: 0,
    }
  }
  const count = (command: string) => sent.filter((name) => name === command).length

  it('a file comes in parts of which the last is shorter', async () => {
    const body = randomBytes(100_001)
    const object = await put(VERSIONED, body)
    const path = join(place.path, 'object')
    await fetchObject(s3, object, path, undefined, 10_000)
    expect((await readFile(path)).equals(body)).to.equal(true)
    expect(count('GetObjectCommand')).to.equal(11)
  })

  it('a file that is empty', async () => {
    const path = join(place.path, 'object')
    await fetchObject(s3, await put(VERSIONED, Buffer.alloc(0)), path)
    expect(await readFile(path)).to.have.length(0)
  })

  it('a version is read to its end while a newer one comes', async () => {
    const body = randomBytes(50_000)
    const object = await put(VERSIONED, body)
    meanwhile = () => put(VERSIONED, randomBytes(50_000))
    const path = join(place.path, 'object')
    await fetchSource(s3, object, path, undefined, 10_000)
    expect(meanwhile).to.equal(undefined)
    expect((await readFile(path)).equals(body)).to.equal(true)
  })

  it('a version that is deleted for good while it is read is an error of the data', async () => {
    const object = await put(VERSIONED, randomBytes(50_000))
    meanwhile = () =>
      s3.send(new DeleteObjectCommand({ Bucket: VERSIONED, Key: KEY, VersionId: object.versionId }))
    const error = await failure(fetchSource(s3, object, join(place.path, 'object'), undefined, 10_000))
    expect(error).to.be.instanceOf(DataError)
    expect(error.code).to.equal('SOURCE_NOT_FOUND')
    expect(error.message).to.contain(KEY)
  })

  for (const [what, change] of [
    ['overwritten', () => put(PLAIN, randomBytes(50_000))],
    ['deleted', () => s3.send(new DeleteObjectCommand({ Bucket: PLAIN, Key: KEY }))],
  ] as const) {
    it(`without versions, an object that is ${what} while it is read is to be read again`, async () => {
      const object = { ...(await put(PLAIN, randomBytes(50_000))), versionId: undefined }
      meanwhile = change
      const error = await failure(fetchSource(s3, object, join(place.path, 'object'), undefined, 10_000))
      expect(error).not.to.be.instanceOf(DataError)
      expect(error.code).to.equal('SOURCE_CHANGED')
    })
  }

  describe('a result of several parts', () => {
    const SIZES = { single: 6 * MIB, part: 5 * MIB }
    const upload = async (body: Buffer) => {
      const path = await place.file('part.parquet', body)
      return planUpload(s3, { bucket: VERSIONED, key: 'orders/a.parquet', path, contentType: 'x/y' })
    }
    const stored = async () => {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: VERSIONED, Key: 'orders/a.parquet' }))
      return createHash('sha256')
        .update((await Body?.transformToByteArray()) ?? '')
        .digest('hex')
    }
    const parts = () => count('UploadPartCommand')
    const pending = async () => {
      const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket: VERSIONED }))
      return Uploads
    }

    it('is the file, and not sent again', async () => {
      const body = randomBytes(12 * MIB + 17)
      const planned = await upload(body)
      const version = await runUpload(s3, planned, undefined, SIZES)
      expect(parts()).to.equal(3)
      expect(await stored()).to.equal(planned.sha256)
      const head = await s3.send(new HeadObjectCommand({ Bucket: VERSIONED, Key: 'orders/a.parquet' }))
      expect([head.VersionId, head.ContentType]).to.deep.equal([version, 'x/y'])
      expect(await runUpload(s3, await upload(body), undefined, SIZES)).to.equal(version)
      expect(parts()).to.equal(3)
    })

    it('goes in one request up to the limit', async () => {
      await runUpload(s3, await upload(randomBytes(6 * MIB)), undefined, SIZES)
      expect([parts(), count('PutObjectCommand')]).to.deep.equal([0, 1])
    })

    it('leaves no parts behind when a request fails or it is interrupted', async () => {
      const planned = await upload(randomBytes(12 * MIB))
      const before = await stored()
      const isOver = AbortSignal.abort()
      const error: unknown = await runUpload(s3, planned, isOver, SIZES).catch((reason: unknown) => reason)
      expect((error as Error).name).to.equal('AbortError')
      expect(await pending()).to.deep.equal([])
      expect(await stored()).to.equal(before)
    })

    it('replaces nothing that somebody wrote meanwhile', async () => {
      const absent = await upload(randomBytes(11 * MIB))
      await s3.send(
        new DeleteObjectCommand({ Bucket: VERSIONED, Key: 'orders/a.parquet', VersionId: absent.versionId }),
      )
      const planned = { ...absent, expected: { etag: undefined }, isUnchanged: false }
      await s3.send(
        new PutObjectCommand({ Bucket: VERSIONED, Key: 'orders/a.parquet', Body: 'somebody else' }),
      )
      const before = await stored()
      const error: unknown = await runUpload(s3, planned, undefined, SIZES).catch((reason: unknown) => reason)
      expect(error).to.be.instanceOf(PreconditionLost)
      expect(await stored()).to.equal(before)
      expect(await pending()).to.deep.equal([])
    })
  })
})
