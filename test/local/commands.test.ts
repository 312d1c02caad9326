import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { captureOutput } from '@oclif/test'
import { expect } from 'chai'
import LocalStart from '../../src/commands/local/start.js'
import LocalStatus from '../../src/commands/local/status.js'
import LocalStop from '../../src/commands/local/stop.js'
import { motoEnvironment } from '../support/moto.js'
import { fakePath } from './moto/fake-python.js'

const root = new URL('../..', import.meta.url).pathname

async function json(command: { run(argv: string[], root: string): Promise<unknown> }, ...argv: string[]) {
  const { stderr, stdout } = await captureOutput(() => command.run([...argv, '--json'], root))
  expect(stderr).to.equal('')
  return JSON.parse(stdout) as Record<string, unknown>
}

describe('datapipe local', () => {
  let directory: string
  const original = { PATH: process.env.PATH, PYTHONPATH: process.env.PYTHONPATH }

  before(async function () {
    this.timeout(180_000)
    Object.assign(process.env, await motoEnvironment())
  })
  after(() => {
    process.env.PATH = original.PATH
    if (original.PYTHONPATH === undefined) delete process.env.PYTHONPATH
  })
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'datapipe-commands-'))
    process.env.DATAPIPE_CACHE_DIR = directory
  })
  afterEach(async () => {
    await captureOutput(() => LocalStop.run([], root))
    delete process.env.DATAPIPE_CACHE_DIR
    process.exitCode = undefined
    await rm(directory, { recursive: true, force: true })
  })

  it('starts, tells, stops, each twice', async () => {
    const first = await json(LocalStart)
    expect(first).to.deep.include({ schemaVersion: 1, ok: true, warnings: [] })
    const { started, ...running } = first.result as { started: boolean; endpoint: string; pid: number }
    expect(started).to.equal(true)
    expect(running).to.have.all.keys('endpoint', 'pid', 'port', 'version', 'startedAt', 'running')
    const { endpoint, pid } = running
    expect((await fetch(`${endpoint}/moto-api/`)).ok).to.equal(true)

    expect((await json(LocalStart)).result).to.deep.equal({ ...running, started: false })
    expect((await json(LocalStatus)).result).to.include({ running: true, endpoint, pid })
    expect((await json(LocalStop)).result).to.include({ running: false, stopped: true, endpoint, pid })
    expect((await json(LocalStop)).result).to.include({
      running: false,
      stopped: false,
      endpoint: null,
      pid: null,
    })
    expect((await json(LocalStatus)).result).to.include({ running: false, endpoint: null, startedAt: null })
  })

  it('prints the endpoint and nothing else on stdout, and what is lost on stderr', async () => {
    const start = await captureOutput(() => LocalStart.run([], root))
    expect(start.stdout).to.match(/^http:\/\/127\.0\.0\.1:\d+\n$/)
    expect(start.stderr).to.contain('Starting the embedded AWS (moto 5.2.')
    const stop = await captureOutput(() => LocalStop.run([], root))
    expect(stop.stdout).to.equal('')
    expect(stop.stderr).to.contain('The local environment and the files in it are gone.')
    expect((await captureOutput(() => LocalStatus.run([], root))).stdout).to.equal('not running\n')
  })

  it('says what is missing when there is no Python', async () => {
    const path = process.env.PATH
    process.env.PATH = await fakePath(directory)
    const { stdout } = await captureOutput(() => LocalStart.run(['--json'], root))
    process.env.PATH = path
    const document = JSON.parse(stdout) as { ok: boolean; error: { code: string; suggestions: string[] } }
    expect(document.ok).to.equal(false)
    expect(document.error.code).to.equal('NO_PYTHON')
    expect(document.error.suggestions).not.to.deep.equal([])
    expect(process.exitCode).to.equal(1)
  })
})
