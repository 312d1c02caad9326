import { spawn, type StdioOptions } from 'node:child_process'
import { existsSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import type { StatusResult } from '../../src/operate/provision/status.js'
import { finished, User } from '../support/cli.js'

const RUN = fileURLToPath(new URL('../../bin/run.js', import.meta.url))
const FULL = '/dev/full'

describe('output that nobody takes', function () {
  this.timeout(120_000)
  let user: User

  before(async () => {
    user = await User.create()
    expect((await user.json('up', '--env', 'local')).code).to.equal(0)
  })
  after(() => user.leave())

  const start = (args: string[], stdio: StdioOptions) =>
    spawn(process.execPath, [RUN, ...args], { cwd: user.folder, env: user.env, stdio })
  const withoutStack = (stderr: string) => {
    expect(stderr).not.to.match(/\n\s+at /)
    return stderr
  }

  it('stops asking for rows when their reader has gone', async () => {
    const sql = 'select range as i, sqrt(range) as root from range(1000000000000)'
    const child = user.start('query', sql, '--env', 'local', '--format', 'csv')
    const ended = finished(child)
    await once(child.stdout!, 'data')
    child.stdout!.destroy()
    const { code, stderr } = await ended
    expect(code, stderr).to.equal(0)
    expect(withoutStack(stderr)).not.to.include('Error')
  })

  it('does its work to the end when nobody reads its progress', async () => {
    await user.run('down', '--env', 'local', '--delete-data', '--yes')
    const child = start(['up', '--env', 'local'], ['ignore', 'pipe', 'pipe'])
    const ended = finished(child)
    child.stderr!.destroy()
    child.stdout!.destroy()
    expect((await ended).code).to.equal(0)
    const { result } = await user.json<StatusResult>('status', '--env', 'local')
    expect(new Set(result.resources.map(({ state }) => state))).to.deep.equal(new Set(['ok']))
  })

  for (const [what, args] of [
    ['a result', ['status', '--env', 'local']],
    ['a document', ['status', '--env', 'local', '--json']],
    ['the rows of a query', ['query', 'select 1', '--env', 'local']],
    ['a help text', ['--help']],
  ] as const) {
    it(`fails when ${what} finds no room on the disk`, async function () {
      if (!existsSync(FULL)) this.skip()
      const file = await open(FULL, 'w')
      try {
        const { code, stderr } = await finished(start([...args], ['ignore', file.fd, 'pipe']))
        expect(code).to.equal(1)
        expect(withoutStack(stderr)).to.include('could not be written to stdout: the disk is full')
      } finally {
        await file.close()
      }
    })
  }

  it('does not mind when its progress finds no room', async function () {
    if (!existsSync(FULL)) this.skip()
    const file = await open(FULL, 'w')
    try {
      const { code, stdout } = await finished(
        start(['status', '--env', 'local'], ['ignore', 'pipe', file.fd]),
      )
      expect(code).to.equal(0)
      expect(stdout).to.include('as they should be')
    } finally {
      await file.close()
    }
  })
})
