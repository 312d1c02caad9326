import { existsSync } from 'node:fs'
import { mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { mockClient } from 'aws-sdk-client-mock'
import { expect } from 'chai'
import { datasetSchema } from '../src/config/dataset.js'
import { DatapipeError } from '../src/errors.js'
import { writingTo } from '../src/full-disk.js'
import { writeState } from '../src/local/moto/state.js'
import { ObjectCache } from '../src/operate/query/object-cache.js'
import { Database } from '../src/transform/database.js'
import { toUtf8 } from '../src/transform/input/encoding.js'
import { unpack } from '../src/transform/input/unpack.js'
import { loadInput, openInputs } from '../src/transform/load.js'
import { publish } from '../src/transform/publish.js'
import { writeRejects } from '../src/transform/rejects.js'
import { openSource } from '../src/transform/source.js'
import type { WrittenFile } from '../src/transform/write.js'
import { failure, scratchFolder, signal } from './operate/support.js'
import { testContext } from './support/resource.js'

/** A file that can be opened, and takes nothing. */
const FULL = '/dev/full'

function full(code = 'ENOSPC'): Promise<never> {
  return Promise.reject(Object.assign(new Error('write failed'), { code }))
}

describe('a full disk', () => {
  let folder: Awaited<ReturnType<typeof scratchFolder>>
  before(function () {
    if (!existsSync(FULL)) this.skip()
  })
  beforeEach(async () => (folder = await scratchFolder()))
  afterEach(() => folder.remove())

  const at = (name: string) => join(folder.path, name)

  it('is told with the place, what was needed and what there is', async () => {
    const path = at('missing/file')
    const error = await failure(writingTo(path, () => full(), 3_500_000))
    expect(error.code).to.equal('DISK_FULL')
    expect(error.message).to.match(
      /^Cannot write .*missing\/file: its disk is full \(3\.5 MB needed, \d+\.\d MB free\)\.$/,
    )
    expect(error.suggestions).not.to.deep.equal([])
    expect((await failure(writingTo(path, () => full('EDQUOT')))).message).to.include('quota is used up')
    expect((await failure(writingTo(path, () => full('EFBIG')))).message).to.include('too large for its disk')
  })

  it('is nothing else', async () => {
    const denied = Object.assign(new Error('no'), { code: 'EACCES' })
    const thrown = await writingTo(at('x'), () => Promise.reject(denied)).catch((error: unknown) => error)
    expect(thrown).to.equal(denied)
    const own = new DatapipeError('OTHER', 'No space left on device')
    expect(await failure(writingTo(at('x'), () => Promise.reject(own)))).to.equal(own)
  })

  it('ends unpacking and converting', async () => {
    const packed = at('a.csv.gz')
    await writeFile(packed, gzipSync(Buffer.alloc(300_000, 'row\n')))
    const unpacking = unpack({ file: packed, name: 'a.csv.gz', to: FULL, compression: 'gzip' })
    expect(await failure(unpacking)).to.include({ code: 'DISK_FULL' })
    const latin = at('b.csv')
    await writeFile(latin, Buffer.alloc(300_000, 'r\xf6w\n', 'latin1'))
    const converting = await failure(toUtf8(latin, FULL, 'latin-1'))
    expect(converting.message).to.include(`Cannot write ${FULL}`)
  })

  it('ends the writing of rejected rows, wherever in it the room ends', async () => {
    const scratch = at('scratch')
    await mkdir(scratch)
    // More than a stream holds back, so that it fails between two rows.
    const file = join(scratch, 'a.csv')
    await writeFile(file, `a\n${'no number at all, and so it is rejected\n'.repeat(20_000)}`)
    await symlink(FULL, join(scratch, 'rejects.csv'))
    const config = datasetSchema.parse({ columns: { a: 'integer' } })
    const source = await openSource(file, 'a.csv', scratch, config.format)
    const [input] = await openInputs({ source, dataset: 'd', config, contract: undefined, scratch })
    const database = await Database.open({
      scratch,
      memoryLimitMb: 256,
      threads: 1,
      keepOrder: true,
      pushFilters: false,
    })
    try {
      const loaded = await loadInput(input!, { database, config, dataset: 'd', file: 'a.csv', scratch })
      const from = { dataset: 'd', source: 'a.csv' }
      const error = await failure(writeRejects({ database, scratch, inputs: [loaded], from }))
      expect(error.message).to.include(`Cannot write ${join(scratch, 'rejects.csv')}`)
    } finally {
      database.close()
    }
  })

  it('or whatever else keeps one file from its place: nothing of the source is published', async () => {
    const written = (name: string) =>
      ({ path: at(name), output: { path: `d/${name}`, table: 'd', rows: 1, bytes: 3 } }) as WrittenFile
    await writeFile(at('1.parquet'), 'new')
    const files = [written('1.parquet'), written('2.parquet')]
    const place = { out: at('out'), dataset: 'd', sourceName: 'a.csv' }
    const error = await publish({ files, rejects: null }, place).catch((thrown: unknown) => thrown)
    expect(error).to.include({ code: 'ENOENT' })
    expect(await readdir(at('out/d'))).to.deep.equal([])
  })

  it('keeps an object out of the cache, without asking for it again', async () => {
    const aws = testContext()
    const s3 = mockClient(aws.clients.of(S3Client))
    s3.on(GetObjectCommand).callsFake(() => ({ Body: Readable.from([Buffer.from('data')]) }))
    const file = { bucket: 'b', key: 'a/x.parquet', etag: '"e"', bytes: 4, partition: [] }
    const options = { folder: at('cache'), maxBytes: 100, signal, onProgress: () => undefined }
    const cache = new ObjectCache(aws, options)
    const [path = ''] = await cache.fetch([file])
    await rm(path)
    await symlink(FULL, `${path}.${process.pid}.partial`)
    s3.resetHistory()
    expect(await failure(cache.fetch([file]))).to.include({ code: 'DISK_FULL' })
    expect(s3.calls()).to.have.length(1)
    const left = (await readdir(at('cache'), { recursive: true })).filter((name) => name.includes('.parquet'))
    expect(left).to.deep.equal([])
  })

  it('keeps the embedded AWS from being remembered by halves', async () => {
    await symlink(FULL, at(`state.json.${process.pid}`))
    const state = { pid: 1, port: 2, version: '5', startedAt: '', token: 't' }
    expect(await failure(writeState(folder.path, state))).to.include({ code: 'DISK_FULL' })
    expect(await readdir(folder.path)).to.deep.equal([])
  })
})
