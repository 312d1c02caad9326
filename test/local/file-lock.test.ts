import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { withFileLock } from '../../src/local/file-lock.js'
import { identityOf } from '../../src/local/process-identity.js'

const signal = new AbortController().signal

describe('file lock', () => {
  let directory: string
  let path: string

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'datapipe-lock-'))
    path = join(directory, 'deep', 'lock')
  })
  afterEach(() => rm(directory, { recursive: true, force: true }))

  it('lets one in at a time, and leaves nothing behind', async () => {
    let inside = 0
    let most = 0
    const visit = () =>
      withFileLock(
        path,
        async () => {
          most = Math.max(most, ++inside)
          await new Promise((resolve) => setTimeout(resolve, 2))
          inside--
        },
        { signal },
      )
    await Promise.all([visit(), visit(), visit(), visit()])
    expect(most).to.equal(1)
    expect(await readdir(join(directory, 'deep'))).to.deep.equal([])
  })

  it('is free again after a failure', async () => {
    await withFileLock(path, () => Promise.reject(new Error('failed')), { signal }).catch(() => undefined)
    expect(await withFileLock(path, async () => 'in', { signal })).to.equal('in')
  })

  it('is taken over from a process that is gone, also when its id was given to another', async () => {
    await withFileLock(path, async () => undefined, { signal })
    for (const holder of [
      { ...(await identityOf(process.pid)), startedAt: 'long ago' },
      { ...(await identityOf(process.pid)), pid: 2 ** 22 + 1 },
    ]) {
      await writeFile(path, JSON.stringify(holder))
      let most = 0
      let inside = 0
      const visit = () =>
        withFileLock(
          path,
          async () => {
            most = Math.max(most, ++inside)
            await new Promise((resolve) => setTimeout(resolve, 2))
            inside--
          },
          { signal },
        )
      await Promise.all([visit(), visit(), visit()])
      expect(most).to.equal(1)
    }
    expect(await readdir(join(directory, 'deep'))).to.deep.equal([])
  })

  it('is waited for until told to stop, and names its holder once', async () => {
    const stop = new AbortController()
    const holders: number[] = []
    await withFileLock(
      path,
      async () => {
        const second = withFileLock(path, async () => 'in', {
          signal: stop.signal,
          onWait: (holder) => {
            holders.push(holder)
            setTimeout(() => {
              stop.abort()
            }, 250)
          },
        })
        const error = await second.catch((thrown: unknown) => thrown)
        expect(error).to.have.property('code', 'INTERRUPTED')
        expect(JSON.parse(await readFile(path, 'utf8'))).to.have.property('pid', process.pid)
      },
      { signal },
    )
    expect(holders).to.deep.equal([process.pid])
  })
})
