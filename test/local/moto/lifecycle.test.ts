import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import type { DatapipeError } from '../../../src/errors.js'
import { embeddedEndpoint, requireEmbedded } from '../../../src/local/endpoint.js'
import { startEmbedded } from '../../../src/local/moto/start.js'
import type { EmbeddedState } from '../../../src/local/moto/state.js'
import { embeddedStatus } from '../../../src/local/moto/status.js'
import { stopEmbedded } from '../../../src/local/moto/stop.js'
import { commandLine, isAlive } from '../../../src/local/process-identity.js'
import { motoRuntime } from '../../support/moto.js'

const signal = new AbortController().signal

describe('the embedded AWS', () => {
  let directory: string
  let stateFile: string
  const children: ChildProcess[] = []

  before(async function () {
    this.timeout(180_000)
    await motoRuntime()
  })
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'datapipe-embedded-'))
    stateFile = join(directory, 'local', 'state.json')
    process.env.DATAPIPE_CACHE_DIR = directory
  })
  afterEach(async () => {
    await stopEmbedded({ signal })
    for (const child of children.splice(0)) child.kill('SIGKILL')
    delete process.env.DATAPIPE_CACHE_DIR
    await rm(directory, { recursive: true, force: true })
  })

  function start(options: { port?: number } = {}) {
    return startEmbedded({ signal, runtime: motoRuntime, ...options })
  }

  async function stranger(): Promise<number> {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', 'datapipe'], {
      stdio: 'ignore',
    })
    children.push(child)
    await once(child, 'spawn')
    return child.pid ?? 0
  }

  async function writeState(state: Partial<EmbeddedState>): Promise<void> {
    await mkdir(join(directory, 'local'), { recursive: true })
    const complete = { pid: 1, port: 1, version: '5.2.5', startedAt: '', token: 'ours', ...state }
    await writeFile(stateFile, JSON.stringify(complete))
  }

  it('starts once, however often and from however many it is asked, and stops once', async () => {
    const [first, second] = await Promise.all([start(), start()])
    expect([first.started, second.started].sort()).to.deep.equal([false, true])
    expect(second.endpoint).to.equal(first.endpoint)
    const third = await start()
    expect(third).to.deep.equal({ ...first, started: false })
    expect(await requireEmbedded()).to.equal(first.endpoint)
    expect((await fetch(`${first.endpoint}/moto-api/`)).status).to.equal(200)
    expect(await stopEmbedded({ signal })).to.have.property('pid', first.pid)
    expect(await commandLine(first.pid)).to.equal(undefined)
    expect(existsSync(stateFile)).to.equal(false)
    expect(await stopEmbedded({ signal })).to.equal(undefined)
    expect(await embeddedEndpoint()).to.equal(undefined)
  })

  it('listens on loopback only, with no AWS login of the user', async () => {
    process.env.AWS_SECRET_ACCESS_KEY = 'real'
    process.env.MOTO_ACCOUNT_ID = '999999999999'
    const { endpoint, pid } = await start()
    delete process.env.AWS_SECRET_ACCESS_KEY
    delete process.env.MOTO_ACCOUNT_ID
    expect(endpoint).to.match(/^http:\/\/127\.0\.0\.1:\d+$/)
    expect(await commandLine(pid)).to.include.members(['-H', '127.0.0.1'])
    if (process.platform === 'linux') {
      const environment = (await readFile(`/proc/${pid}/environ`, 'utf8')).split('\0')
      expect(environment).to.include('AWS_SECRET_ACCESS_KEY=local')
      expect(environment.filter((variable) => variable.startsWith('MOTO_ACCOUNT_ID'))).to.deep.equal([])
    }
  })

  it('says that it does not run', async () => {
    const error = (await requireEmbedded().catch((thrown: unknown) => thrown)) as DatapipeError
    expect(error.code).to.equal('LOCAL_NOT_RUNNING')
    expect(error.suggestions.join(' ')).to.contain('datapipe local start')
  })

  it('starts over after its process died', async () => {
    const first = await start()
    process.kill(first.pid, 'SIGKILL')
    while ((await commandLine(first.pid)) !== undefined)
      await new Promise((resolve) => setTimeout(resolve, 10))
    expect(await embeddedStatus()).to.equal(undefined)
    const second = await start()
    expect(second.started).to.equal(true)
    expect(second.pid).not.to.equal(first.pid)
    expect(await embeddedEndpoint()).to.equal(second.endpoint)
  })

  it('never takes another process for its own, and never ends one', async () => {
    const pid = await stranger()
    await writeState({ pid, port: 9 })
    expect(await embeddedStatus()).to.equal(undefined)
    expect(await stopEmbedded({ signal })).to.equal(undefined)
    expect(isAlive(pid)).to.equal(true)
    expect(existsSync(stateFile)).to.equal(false)
    await writeState({ pid, port: 9 })
    expect((await start()).started).to.equal(true)
    expect(isAlive(pid)).to.equal(true)
  })

  it('passes over a state file that is damaged', async () => {
    await writeState({})
    for (const text of ['', '{"pid": "1"}', '[]', 'null']) {
      await writeFile(stateFile, text)
      expect(await embeddedStatus(), text).to.equal(undefined)
    }
    expect((await start()).started).to.equal(true)
  })

  it('uses the port that is asked for, and says so when it is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    const error = (await start({ port }).catch((thrown: unknown) => thrown)) as DatapipeError
    expect(error.code).to.equal('EMBEDDED_START_FAILED')
    expect(error.message)
      .to.contain(`port ${port}`)
      .and.match(/in use/i)
    expect(existsSync(stateFile)).to.equal(false)
    server.close()
    await once(server, 'close')
    expect(await start({ port })).to.include({ port, started: true })
  })

  it('fails at once, with what the program said, when it ends instead of answering', async () => {
    const script = join(directory, 'python')
    await writeFile(script, '#!/bin/sh\necho "ModuleNotFoundError: No module named flask" >&2\nexit 3\n', {
      mode: 0o755,
    })
    const runtime = async () => ({ python: script, version: '5.2.5', env: {} })
    const error = (await startEmbedded({ signal, runtime }).catch(
      (thrown: unknown) => thrown,
    )) as DatapipeError
    expect(error.code).to.equal('EMBEDDED_START_FAILED')
    expect(error.message).to.contain('exit code 3').and.contain('No module named flask')
    expect(existsSync(stateFile)).to.equal(false)
    expect(existsSync(join(directory, 'local', 'lock'))).to.equal(false)
  })

  it('leaves no process behind when it is told to stop while starting', async () => {
    const stop = new AbortController()
    const script = join(directory, 'python')
    const pidFile = join(directory, 'pid')
    await writeFile(script, `#!/bin/sh\necho $$ > '${pidFile}'\nexec sleep 60\n`, { mode: 0o755 })
    const runtime = async () => ({ python: script, version: '5.2.5', env: {} })
    const started = startEmbedded({ signal: stop.signal, runtime }).catch((thrown: unknown) => thrown)
    let pid = 0
    while (pid === 0) pid = Number(await readFile(pidFile, 'utf8').catch(() => ''))
    stop.abort()
    expect(await started).to.have.property('code', 'INTERRUPTED')
    while ((await commandLine(pid)) !== undefined) await new Promise((resolve) => setTimeout(resolve, 10))
    expect(existsSync(stateFile)).to.equal(false)
  })
})
