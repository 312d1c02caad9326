import { createHash, randomBytes } from 'node:crypto'
import { mkdir, open, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { openSync, closeSync, writeSync, utimesSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import {
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  S3Client,
  type HeadObjectCommandOutput,
} from '@aws-sdk/client-s3'
import { expect } from 'chai'
import type { AwsContext } from '../../../src/aws/context.js'
import type { DatapipeError } from '../../../src/errors.js'
import { UploadClient } from '../../../src/operate/upload/client.js'
import {
  planUpload,
  upload,
  type UploadEvent,
  type UploadResult,
} from '../../../src/operate/upload/upload.js'
import { resetMoto, startMoto, type Moto } from '../../support/moto.js'
import { createVersionedBucket, emulatedContext, failure, scratchFolder, signal } from '../support.js'

const MIB = 2 ** 20

describe('upload', function () {
  this.timeout(120_000)
  let moto: Moto
  let aws: AwsContext
  let bucket: string
  let folder: Awaited<ReturnType<typeof scratchFolder>>

  before(async () => {
    moto = await startMoto()
  })

  after(() => moto.stop())

  beforeEach(async () => {
    await resetMoto(moto.endpoint)
    aws = emulatedContext(moto.endpoint)
    bucket = aws.names.bucket('raw')
    await createVersionedBucket(aws, bucket)
    folder = await scratchFolder()
    process.env.DATAPIPE_CACHE_DIR = join(folder.path, 'cache')
  })

  afterEach(async () => {
    delete process.env.DATAPIPE_CACHE_DIR
    aws.clients.destroy()
    await folder.remove()
  })

  async function send(
    files: string[],
    onEvent?: (event: UploadEvent) => void,
    stop: AbortSignal = signal,
  ): Promise<UploadResult> {
    const plan = await planUpload({ files, cwd: folder.path }, {})
    return upload(aws, plan, stop, onEvent)
  }

  async function file(name: string, content: string | Buffer): Promise<string> {
    await writeFile(join(folder.path, name), content)
    return name
  }

  function head(key: string): Promise<HeadObjectCommandOutput> {
    return aws.clients
      .of(S3Client)
      .send(new HeadObjectCommand({ Bucket: bucket, Key: key, ChecksumMode: 'ENABLED' }))
  }

  async function content(key: string): Promise<Buffer> {
    const { Body: body } = await aws.clients
      .of(S3Client)
      .send(new GetObjectCommand({ Bucket: bucket, Key: key }))
    return Buffer.from(await body!.transformToByteArray())
  }

  /** What is in the bucket: versions of objects, and uploads that were begun. */
  async function left(): Promise<{ versions: number; uploads: number }> {
    const s3 = aws.clients.of(S3Client)
    const versions = await s3.send(new ListObjectVersionsCommand({ Bucket: bucket }))
    const uploads = await s3.send(new ListMultipartUploadsCommand({ Bucket: bucket }))
    return { versions: versions.Versions?.length ?? 0, uploads: uploads.Uploads?.length ?? 0 }
  }

  it('puts a small file into the inbox of its dataset, encrypted, with its hash', async () => {
    const text = 'a,b\n1,2\n'
    const {
      files: [sent],
    } = await send([await file('20230703_measurement data ä.csv', text)])
    const key = 'inbox/measurement_data_a/20230703_measurement data ä.csv'
    const sha256 = createHash('sha256').update(text).digest('hex')
    const stored = await head(key)
    expect(sent).to.deep.equal({
      path: '20230703_measurement data ä.csv',
      bucket,
      key,
      versionId: stored.VersionId,
      bytes: 8,
      sha256,
      status: 'uploaded',
    })
    expect((await content(key)).toString()).to.equal(text)
    expect(stored.ServerSideEncryption).to.equal('aws:kms')
    expect(stored.SSEKMSKeyId).to.equal('arn:aws:kms:us-east-1:123456789012:alias/dp-sensors-dev')
    expect(stored.ContentType).to.equal('text/csv')
    expect(stored.Metadata).to.include({
      'dp-sha256': sha256,
      'dp-source-name': '20230703_measurement%20data%20%C3%A4.csv',
    })
  })

  it('sends a large file in parts, whole and in order, with the same hash', async () => {
    const data = randomBytes(20 * MIB + 7)
    const sentBytes: number[] = []
    const {
      files: [sent],
    } = await send([await file('large.csv', data)], (event) => {
      if (event.type === 'upload.progress') sentBytes.push(event.sentBytes)
    })
    expect((await content('inbox/large/large.csv')).equals(data)).to.equal(true)
    const stored = await head('inbox/large/large.csv')
    expect(sent).to.deep.include({
      bytes: data.length,
      sha256: createHash('sha256').update(data).digest('hex'),
      versionId: stored.VersionId,
      status: 'uploaded',
    })
    expect(stored.ETag).to.match(/-3"$/)
    expect(stored.ServerSideEncryption).to.equal('aws:kms')
    const sha256 = (part: Buffer) => createHash('sha256').update(part).digest()
    const parts = [0, 8, 16].map((start) => sha256(data.subarray(start * MIB, (start + 8) * MIB)))
    // S3 itself says `…-3`.
    expect(stored.ChecksumSHA256).to.equal(sha256(Buffer.concat(parts)).toString('base64'))
    expect(sentBytes).to.have.lengthOf(3)
    expect(sentBytes.at(-1)).to.equal(data.length)
    expect(await left()).to.deep.equal({ versions: 1, uploads: 0 })
  })

  for (const bytes of [9, 9 * MIB]) {
    it(`does not send the same ${bytes} bytes twice`, async () => {
      const data = randomBytes(bytes)
      await file('a.csv', data)
      const first = await send(['a.csv'])
      await utimes(join(folder.path, 'a.csv'), new Date(), new Date())
      const second = await send(['a.csv'])
      expect(second.files).to.deep.equal([{ ...first.files[0], status: 'skipped' }])
      expect(await left()).to.deep.equal({ versions: 1, uploads: 0 })
    })
  }

  it('makes a new version of a file whose content changed', async () => {
    await file('a.csv', 'x\n1\n')
    const first = await send(['a.csv'])
    await file('a.csv', 'x\n2\n')
    const second = await send(['a.csv'])
    expect(second.files[0]!.status).to.equal('uploaded')
    expect(second.files[0]!.versionId).not.to.equal(first.files[0]!.versionId)
    expect((await content('inbox/a/a.csv')).toString()).to.equal('x\n2\n')
  })

  it('keeps nothing of a file that changes while it is sent', async () => {
    await file('a.csv', randomBytes(48 * MIB))
    let touched = false
    const error = await failure(
      send(['a.csv'], (event) => {
        if (event.type !== 'upload.progress' || touched) return
        touched = true
        const handle = openSync(join(folder.path, 'a.csv'), 'r+')
        writeSync(handle, Buffer.alloc(16), 0, 16, 48 * MIB - 16)
        closeSync(handle)
      }),
    )
    expect(error.code).to.equal('FILE_CHANGED')
    expect(error.message).to.equal('a.csv changed while it was being uploaded; nothing of it was kept.')
    expect(await left()).to.deep.equal({ versions: 0, uploads: 0 })
  })

  it('keeps nothing of a file that grows or is touched behind what was read', async () => {
    await file('a.csv', randomBytes(9 * MIB))
    let touched = false
    const error = await failure(
      send(['a.csv'], (event) => {
        if (event.type !== 'upload.progress' || touched) return
        touched = true
        utimesSync(join(folder.path, 'a.csv'), 1, 1)
      }),
    )
    expect(error.code).to.equal('FILE_CHANGED')
    expect(await left()).to.deep.equal({ versions: 0, uploads: 0 })
  })

  it('refuses a small file that grew since it was looked at', async () => {
    await file('a.csv', 'x')
    const plan = await planUpload({ files: ['a.csv'], cwd: folder.path }, {})
    await file('a.csv', 'xy')
    expect((await failure(upload(aws, plan, signal))).code).to.equal('FILE_CHANGED')
    expect(await left()).to.deep.equal({ versions: 0, uploads: 0 })
  })

  it('keeps the parts that arrived when it is interrupted, and continues there', async () => {
    const data = randomBytes(48 * MIB)
    await file('a.csv', data)
    const stop = new AbortController()
    const events: UploadEvent[] = []
    const error = await failure(
      send(
        ['a.csv'],
        (event) => {
          events.push(event)
          if (event.type === 'upload.progress') stop.abort()
        },
        stop.signal,
      ),
    )
    expect(error.code).to.equal('INTERRUPTED')
    expect(error.exitCode).to.equal(130)
    expect(error.message).to.equal('Interrupted: 0 of 1 files are uploaded.')
    expect(await left()).to.deep.equal({ versions: 0, uploads: 1 })
    const kept = events.find((event) => event.type === 'upload.left')
    expect(kept?.leftBytes).to.be.within(8 * MIB, 40 * MIB)

    let progress: UploadEvent | undefined
    await send(['a.csv'], (event) => {
      if (event.type === 'upload.progress') progress = event
    })
    expect(progress).to.include({ bytes: data.length })
    const { keptBytes, sentBytes } = progress as UploadEvent & { type: 'upload.progress' }
    expect(keptBytes).to.be.at.least(kept!.leftBytes)
    expect(keptBytes + sentBytes).to.equal(data.length)
    expect((await content('inbox/a/a.csv')).equals(data)).to.equal(true)
    expect(await left()).to.deep.equal({ versions: 1, uploads: 0 })
  })

  it('sends the other files when one fails, and says which', async () => {
    await file('a.csv', 'x')
    await file('b.csv', 'y')
    const plan = await planUpload({ files: ['a.csv', 'b.csv'], cwd: folder.path }, {})
    await rm(join(folder.path, 'a.csv'))
    const error = await failure(upload(aws, plan, signal))
    expect(error.code).to.equal('UPLOAD_PARTLY_FAILED')
    expect(error.exitCode).to.equal(3)
    expect(error.message).to.include('1 of 2 files could not be uploaded:').and.include('a.csv: ')
    expect((error.result as UploadResult).files.map(({ path }) => path)).to.deep.equal(['b.csv'])
    expect(await left()).to.deep.equal({ versions: 1, uploads: 0 })
  })

  it('into an environment that does not exist says how to make it', async () => {
    await resetMoto(moto.endpoint)
    for (const bytes of [10, 9 * MIB]) {
      await file('a.csv', randomBytes(bytes))
      const error = await failure(send(['a.csv']))
      expect(error.code).to.equal('ENVIRONMENT_NOT_UP')
      expect(error.message).to.equal(`Environment dev has no bucket ${bucket}.`)
      expect(error.suggestions).to.deep.equal(['Create it: datapipe up --env dev'])
    }
  })

  it('does not overlap with another one of the same file', async () => {
    await file('a.csv', 'x')
    await file('b.csv', 'y')
    let refused: Promise<DatapipeError> | undefined
    aws.clients.of(UploadClient).middlewareStack.add(
      (next) => async (args) => {
        refused ??= failure(send(['b.csv', 'a.csv']))
        await refused
        return next(args)
      },
      { step: 'initialize', name: 'overlap' },
    )
    expect((await send(['a.csv'])).files).to.have.lengthOf(1)
    const error = await refused!
    expect(error.code).to.equal('UPLOAD_IN_PROGRESS')
    expect(error.exitCode).to.equal(4)
    expect(error.message).to.equal(
      `Another upload to s3://${bucket}/inbox/a/a.csv is under way on this machine (process ${process.pid}).`,
    )
    expect(await left()).to.deep.equal({ versions: 1, uploads: 0 })
    expect((await send(['b.csv', 'a.csv'])).files.map(({ status }) => status)).to.deep.equal([
      'uploaded',
      'skipped',
    ])
  })

  it('of a folder, an empty file or one that is not there touches nothing, whatever else was named', async () => {
    await file('good.csv', 'x')
    await file('empty.csv', '')
    await mkdir(join(folder.path, 'dir'))
    const cases: [path: string, code: string, message: string][] = [
      ['nowhere.csv', 'FILE_NOT_FOUND', 'There is no file nowhere.csv.'],
      ['good.csv/x.csv', 'FILE_NOT_FOUND', 'There is no file good.csv/x.csv.'],
      ['dir', 'FILE_IS_A_DIRECTORY', 'dir is a directory, not a file.'],
      ['empty.csv', 'FILE_EMPTY', 'empty.csv is empty (0 bytes): nothing to upload.'],
      [
        '/dev/null',
        'FILE_NOT_READABLE',
        '/dev/null is not a regular file: its content cannot be read twice.',
      ],
    ]
    for (const [path, code, message] of cases) {
      const error = await failure(send(['good.csv', path]))
      expect(error.code).to.equal(code)
      expect(error.message).to.equal(message)
      expect(error.exitCode).to.equal(1)
    }
    expect(await left()).to.deep.equal({ versions: 0, uploads: 0 })
  })

  it('takes a file larger than 5 TiB for a mistake', async () => {
    const handle = await open(join(folder.path, 'sparse.csv'), 'w')
    const truncated = await handle.truncate(5 * 2 ** 40 + 1).then(
      () => true,
      () => false,
    )
    await handle.close()
    // Not every file system has files that large.
    if (!truncated) return
    expect((await failure(send(['sparse.csv']))).code).to.equal('FILE_TOO_LARGE')
  })

  /** What a run leaves that was killed, or one that still runs elsewhere. */
  async function claim(host: string): Promise<string> {
    const claims = join(folder.path, 'cache', 'upload')
    const object = createHash('sha256').update(`${bucket}/inbox/a/a.csv`).digest('hex').slice(0, 32)
    await mkdir(claims, { recursive: true })
    const path = join(claims, 'other.claim')
    const holder = { pid: 2 ** 30, host, startedAt: '1' }
    await writeFile(path, JSON.stringify({ holder, objects: [object] }))
    return path
  }

  it('is not stopped by the lock of a process that died', async () => {
    await file('a.csv', 'x')
    const path = await claim(hostname())
    expect((await send(['a.csv'])).files[0]!.status).to.equal('uploaded')
    expect((await readFile(path).catch(() => 'gone')).toString()).to.equal('gone')
  })

  it('is stopped by that of another machine only while it shows signs of life', async () => {
    await file('a.csv', 'x')
    const path = await claim('elsewhere')
    const error = await failure(send(['a.csv']))
    expect(error.code).to.equal('UPLOAD_IN_PROGRESS')
    expect(error.message).to.include('is under way on elsewhere (process')
    await utimes(path, 1, 1)
    expect((await send(['a.csv'])).files[0]!.status).to.equal('uploaded')
  })
})
