import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { expect } from 'chai'
import { makeScratch } from '../../src/transform/scratch.js'

/** The number of a process that has ended. */
async function endedPid(): Promise<number> {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' })
  await once(child, 'exit')
  if (child.pid === undefined) throw new Error('no process')
  return child.pid
}

describe('folders for temporary files', () => {
  let base: string
  beforeEach(async () => {
    base = await mkdtemp(join(tmpdir(), 'datapipe-test-'))
  })
  afterEach(() => rm(base, { recursive: true, force: true }))

  /** What a process that is gone has left, with something in it. */
  const leaveOver = async (prefix: string) => {
    const own = basename(await makeScratch(base, prefix))
    const left = own.replace(`-${process.pid}-`, `-${await endedPid()}-`)
    await mkdir(join(base, left))
    await writeFile(join(base, left, 'rows.csv'), 'a,b\n')
    return { own, left }
  }

  it('whoever makes one removes those whose processes were killed', async () => {
    const { left, own } = await leaveOver('job-')
    expect(await readdir(base)).to.have.members([own, left])
    const next = basename(await makeScratch(base, 'job-'))
    expect(await readdir(base)).to.have.members([own, next])
  })

  it('leaves alone what is of another kind, of another machine, or of nobody', async () => {
    const { left } = await leaveOver('job-')
    const others = [left.replace(/^job-[0-9a-f]+/, 'job-00000000'), 'job-', 'job-mine', 'unrelated']
    for (const name of others) await mkdir(join(base, name))
    await makeScratch(base, 'spill-')
    expect(await readdir(base)).to.include.members([left, ...others])
    await makeScratch(base, 'job-')
    expect(await readdir(base)).to.include.members(others)
  })
})
