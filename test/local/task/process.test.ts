import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { isAlive } from '../../../src/local/process-identity.js'
import { runProcess } from '../../../src/local/task/process.js'

const STARTER = fileURLToPath(new URL('starter.ts', import.meta.url))

describe('the process of a task on this machine', function () {
  this.timeout(60_000)

  it('ends when the process that started it is killed with -9', async () => {
    const starter = spawn(process.execPath, ['--import=tsx', STARTER], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [line] = (await once(starter.stdout, 'data')) as [Buffer]
    const task = Number(line.toString())
    try {
      expect(isAlive(task)).to.equal(true)
      starter.kill('SIGKILL')
      await once(starter, 'close')
      while (isAlive(task)) await new Promise((resolve) => setTimeout(resolve, 20))
    } finally {
      if (isAlive(task)) process.kill(task, 'SIGKILL')
    }
  })

  it('may be any program', async () => {
    const lines: string[] = []
    const end = await runProcess({
      command: ['/bin/sh', '-c', 'echo one; echo two >&2; exit 3'],
      environment: {},
      signal: new AbortController().signal,
      stopTimeoutMs: 1000,
      onLine: (line) => lines.push(line),
    })
    expect(end).to.deep.equal({ exitCode: 3 })
    expect(lines).to.have.members(['one', 'two'])
  })
})
