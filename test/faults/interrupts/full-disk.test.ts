import { execFileSync } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { mockClient } from 'aws-sdk-client-mock'
import { expect } from 'chai'
import { fetchObject } from '../../../src/transform/container/fetch.js'
import { failure } from '../../operate/support.js'
import { User, type CliResult } from '../../support/cli.js'

const BYTES = 2 * 1024 * 1024
const CONFIG =
  'datasets: { temperature: { match: "*measurement_data.csv", columns: { time: timestamp, measurement: double, note: string }, rejects: { max: 60% } } }\n'

/** Does not compress well. @param bad every how many rows one is rejected */
function csv(rows: number, bad: number): string {
  const lines = ['time,measurement,note']
  let state = 1
  for (let n = 0; n < rows; n++) {
    state = (state * 48271) % 2147483647
    const day = String(1 + (n % 28)).padStart(2, '0')
    lines.push(`2023-07-${day}T00:00:00,${n % bad === bad - 1 ? `x${state}` : state / 7},${state * 31}`)
  }
  return `${lines.join('\n')}\n`
}

describe('a disk of two megabytes', function () {
  this.timeout(180_000)
  let disk: string
  let user: User

  before(async function () {
    disk = await mkdtemp(join(tmpdir(), 'datapipe-disk-'))
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${BYTES}`, 'tmpfs', disk], { stdio: 'ignore' })
    } catch {
      await rm(disk, { recursive: true })
      this.skip()
    }
    user = await User.create()
    await user.write('datapipe.yaml', CONFIG)
    await user.write('good_measurement_data.csv', csv(200_000, Infinity))
    await user.write('bad_measurement_data.csv', csv(60_000, 2))
    for (const args of [['up'], ['upload', 'good_measurement_data.csv']]) await ok(...args)
  })
  afterEach(async () => {
    delete user.env.TMPDIR
    for (const name of await readdir(disk)) await rm(join(disk, name), { recursive: true })
  })
  after(async () => {
    await user.leave()
    execFileSync('umount', [disk])
    await rm(disk, { recursive: true })
  })

  const run = (...args: string[]) => user.run(...args, '--env', 'local')
  async function ok(...args: string[]): Promise<CliResult> {
    const result = await run(...args)
    expect(result.code, result.stderr).to.equal(0)
    return result
  }
  const files = async () =>
    (await readdir(disk, { recursive: true, withFileTypes: true })).filter((entry) => !entry.isDirectory())
  /** Failed for the disk, and left nothing on it. */
  const isFull = async ({ code, stderr }: CliResult, place = disk) => {
    expect(code, stderr).to.equal(1)
    expect(stderr).to.match(/Error: .*(its disk is full|No space left on device|no room)/)
    expect(stderr).to.include(place)
    expect(stderr).not.to.match(/\n\s+at /)
    expect((await files()).map(({ name }) => name)).to.deep.equal([])
  }

  it('publishes nothing of a file, and nothing of its rejects', async () => {
    const out = join(disk, 'out')
    await isFull(await run('transform', 'good_measurement_data.csv', '--out', out), out)
    await isFull(await run('transform', 'bad_measurement_data.csv', '--out', out), out)
  })

  it('takes the beginning of an object, which is not taken for all of it', async () => {
    const s3 = new S3Client({ region: 'eu-north-1' })
    const bytes = BYTES + 500_000
    const body = { transformToByteArray: () => Promise.resolve(new Uint8Array(bytes)) }
    mockClient(s3)
      .on(GetObjectCommand)
      .resolves({ Body: body as never })
    const path = join(disk, 'source')
    const error = await failure(
      fetchObject(s3, { bucket: 'b', key: 'k', etag: '"e"', versionId: 'v', lastModified: 0, bytes }, path),
    )
    expect(error.code).to.equal('DISK_FULL')
    expect(error.message).to.include(`Cannot write ${path}: its disk is full (2.6 MB needed`)
  })

  it('has no room for what a transform sets aside', async () => {
    user.env.TMPDIR = disk
    const out = join(user.folder, 'out')
    await isFull(await run('transform', 'good_measurement_data.csv', '--out', out))
    expect(await readdir(out).catch(() => [])).to.deep.equal([])
  })

  it('lets a run fail with the reason, and another one succeed when there is room', async () => {
    user.env.TMPDIR = disk
    const failed = await run('run', '--watch')
    expect(failed.code).to.equal(1)
    expect(failed.stderr).to.match(/its disk is full|No space left on device/)
    expect((await files()).map(({ name }) => name)).to.deep.equal([])
    delete user.env.TMPDIR
    await ok('run', '--watch', '--retry-failed')
    const { stdout } = await ok('query', 'select count(*) from temperature', '--format', 'csv')
    expect(stdout).to.include('200000')
  })

  it('has no room for the objects of a query', async () => {
    // The embedded AWS is found where it was.
    const cache = user.env.DATAPIPE_CACHE_DIR!
    await mkdir(join(disk, 'cache/local'), { recursive: true })
    await copyFile(join(cache, 'local/state.json'), join(disk, 'cache/local/state.json'))
    user.env.DATAPIPE_CACHE_DIR = join(disk, 'cache')
    try {
      const { code, stderr } = await run('query', 'select count(*) from temperature')
      expect(code, stderr).to.equal(1)
      expect(stderr).to.match(/Cannot write .*its disk is full \(\d+\.\d MB needed, \d+\.\d MB free\)/)
      expect((await files()).map(({ name }) => name)).to.deep.equal(['state.json'])
    } finally {
      user.env.DATAPIPE_CACHE_DIR = cache
    }
  })

  it('has no room for exported rows', async () => {
    await ok('upload', 'bad_measurement_data.csv')
    await ok('run', '--watch')
    const { stdout } = await ok('rejects', 'list', '--json')
    const { result } = JSON.parse(stdout) as { result: { sources: { run: string }[] } }
    const out = join(disk, 'rows.csv')
    const exported = await run('rejects', 'export', result.sources[0]!.run, '--out', out)
    await isFull(exported, out)
  })
})
