import { spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { anySignal, installSignalHandlers } from '../../src/engine/signals.js'

class FakeProcess extends EventEmitter {
  readonly said: string[] = []
  exit(code: number): void {
    this.said.push(`exit ${code}`)
  }
}

describe('installSignalHandlers', () => {
  it('asks to stop at the first signal, and ends the process at the second after saying how to recover', () => {
    const source = new FakeProcess()
    const handlers = installSignalHandlers({
      source,
      onFirst: (name) => source.said.push(`first ${name}`),
      onSecond: (name) => source.said.push(`second ${name}`),
    })
    expect(handlers.signal.aborted).to.equal(false)
    source.emit('SIGTERM', 'SIGTERM')
    expect(handlers.signal.aborted).to.equal(true)
    expect(handlers.signal.reason).to.include({ code: 'INTERRUPTED', message: 'Interrupted by SIGTERM.' })
    expect(source.said).to.deep.equal(['first SIGTERM'])
    source.emit('SIGINT', 'SIGINT')
    expect(source.said).to.deep.equal(['first SIGTERM', 'second SIGINT', 'exit 130'])
  })

  it('asks to stop when the terminal is closed, and takes a second SIGHUP for the same one', () => {
    const source = new FakeProcess()
    const handlers = installSignalHandlers({ source, onSecond: () => source.said.push('second') })
    // From the shell, and from the kernel when the shell has ended.
    source.emit('SIGHUP', 'SIGHUP')
    source.emit('SIGHUP', 'SIGHUP')
    expect(handlers.signal.reason).to.include({ code: 'INTERRUPTED', message: 'Interrupted by SIGHUP.' })
    expect(source.said).to.deep.equal([])
    source.emit('SIGTERM', 'SIGTERM')
    expect(source.said).to.deep.equal(['second', 'exit 130'])
  })

  it('gives a signal that many may listen to without a warning', async () => {
    const warnings: Error[] = []
    const onWarning = (warning: Error) => void warnings.push(warning)
    process.on('warning', onWarning)
    try {
      const { signal } = installSignalHandlers({ source: new FakeProcess() })
      const either = anySignal(signal, new AbortController().signal)
      for (const one of [signal, either])
        for (let n = 0; n < 32; n++) one.addEventListener('abort', () => undefined)
      await new Promise((resolve) => setImmediate(resolve))
      expect(warnings).to.deep.equal([])
    } finally {
      process.off('warning', onWarning)
    }
  })

  it('ends the process also when saying so fails', () => {
    const source = new FakeProcess()
    installSignalHandlers({
      source,
      onSecond: () => {
        throw new Error('broken pipe')
      },
    })
    source.emit('SIGINT', 'SIGINT')
    expect(() => source.emit('SIGINT', 'SIGINT')).to.throw('broken pipe')
    expect(source.said).to.deep.equal(['exit 130'])
  })

  it('hears nothing before it is installed and after it is disposed of', () => {
    const source = new FakeProcess()
    const handlers = installSignalHandlers({ source })
    handlers.dispose()
    source.emit('SIGINT', 'SIGINT')
    expect(handlers.signal.aborted).to.equal(false)
    expect(source.eventNames()).to.deep.equal([])
  })

  it('in a real process: drains on the first, leaves with 130 on the second', async () => {
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', fileURLToPath(new URL('signals-child.ts', import.meta.url))],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    const lines: string[] = []
    const heard = new EventEmitter()
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      for (const line of text.trim().split('\n')) {
        lines.push(line)
        heard.emit(line)
      }
    })
    const exited = once(child, 'exit')
    await Promise.race([once(heard, 'ready'), exited])
    child.kill('SIGINT')
    await Promise.race([once(heard, 'draining'), exited])
    child.kill('SIGINT')
    expect(await exited).to.deep.equal([130, null])
    expect(lines).to.deep.equal(['ready', 'draining', 'run it again to continue'])
  })
})
