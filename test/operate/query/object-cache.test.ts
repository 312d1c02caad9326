import { mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { GetObjectCommand, S3Client, S3ServiceException } from '@aws-sdk/client-s3'
import { mockClient } from 'aws-sdk-client-mock'
import { expect } from 'chai'
import { ObjectCache, StaleListingError } from '../../../src/operate/query/object-cache.js'
import type { TableFile } from '../../../src/operate/query/table-files.js'
import { testContext } from '../../support/resource.js'
import { failure, scratchFolder, signal } from '../support.js'

const file: TableFile = {
  bucket: 'b',
  key: 'a/day=1/x.parquet',
  etag: '"e"',
  bytes: 4,
  partition: [['day', 'a/b']],
}

/** Breaks off after two bytes, once it is read. */
function broken(): Readable {
  let begun = false
  return new Readable({
    read() {
      if (begun) this.destroy(new Error('socket hang up'))
      else this.push('da')
      begun = true
    },
  })
}

describe('the cache of objects', () => {
  const aws = testContext()
  const s3 = mockClient(aws.clients.of(S3Client))
  let folder: Awaited<ReturnType<typeof scratchFolder>>
  let cache: ObjectCache

  beforeEach(async () => {
    s3.reset()
    folder = await scratchFolder()
    cache = new ObjectCache(aws, {
      folder: folder.path,
      maxBytes: 10,
      signal,
      onProgress: () => undefined,
    })
  })

  afterEach(() => folder.remove())

  /** Sets what the mock answers, in order. */
  function inOrder(...bodies: Readable[]): void {
    let chain = s3.on(GetObjectCommand)
    for (const body of bodies) chain = chain.resolvesOnce({ Body: body as never })
  }

  const entries = async () =>
    (await readdir(folder.path, { recursive: true })).filter((name) => name.includes('.'))

  it('asks for exactly the version that was listed, and keeps it under its partition', async () => {
    inOrder(Readable.from(['data']))
    const [path] = await cache.fetch([file])
    expect(path!.startsWith(join(folder.path, 'day=a%2Fb/'))).to.equal(true)
    expect(await readFile(path!, 'utf8')).to.equal('data')
    expect(s3.commandCalls(GetObjectCommand)[0]!.args[0].input).to.deep.equal({
      Bucket: 'b',
      Key: 'a/day=1/x.parquet',
      IfMatch: '"e"',
      ExpectedBucketOwner: '111122223333',
    })
    expect(await cache.fetch([file])).to.deep.equal([path])
    expect(s3.calls()).to.have.lengthOf(1)
  })

  it('tries again when a body breaks off, and leaves no part of it', async () => {
    inOrder(broken(), Readable.from(['da']), Readable.from(['data']))
    const [path] = await cache.fetch([file])
    expect(await readFile(path!, 'utf8')).to.equal('data')
    expect(await entries()).to.have.lengthOf(1)
  })

  it('gives up after some attempts', async () => {
    inOrder(Readable.from(['d']), Readable.from(['d']), Readable.from(['d']))
    const error = await failure(cache.fetch([file]))
    expect(error.code).to.equal('DOWNLOAD_INCOMPLETE')
    expect(error.message).to.equal('s3://b/a/day=1/x.parquet ended after 1 of 4 bytes.')
    expect(await entries()).to.deep.equal([])
  })

  it('says that a listing is stale when an object was replaced or removed', async () => {
    for (const name of ['PreconditionFailed', 'NoSuchKey']) {
      s3.on(GetObjectCommand).rejects(
        new S3ServiceException({ name, $fault: 'client', $metadata: {}, message: name }),
      )
      const error: unknown = await cache.fetch([file]).catch((reason: unknown) => reason)
      expect(error).to.be.instanceOf(StaleListingError)
    }
  })

  it('makes room by what was not used for the longest time, but never by what may be open', async () => {
    const used = async (name: string, secondsAgo: number) => {
      const path = join(folder.path, name)
      await mkdir(dirname(path), { recursive: true })
      await writeFile(path, '1234')
      await utimes(path, Date.now() / 1000 - secondsAgo, Date.now() / 1000 - secondsAgo)
    }
    await used('old.parquet', 7200)
    await used('older.parquet', 9000)
    await used('open.parquet', 5)
    inOrder(Readable.from(['data']))
    await cache.fetch([file])
    // 16 bytes, of which 10 may stay: both old ones go, and after that 8 are left.
    expect((await entries()).filter((name) => !name.includes('day='))).to.deep.equal(['open.parquet'])
  })

  it('does not begin what cannot fit', async () => {
    const error = await failure(cache.fetch([file, { ...file, key: 'y', bytes: 7 }]))
    expect(error.code).to.equal('QUERY_TOO_LARGE')
    expect(s3.calls()).to.have.lengthOf(0)
  })
})
