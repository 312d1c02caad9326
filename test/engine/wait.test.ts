import { expect } from 'chai'
import { systemClock } from '../../src/engine/clock.js'
import type { Operation } from '../../src/engine/operation.js'
import { retryWhile, sleep, unlessInterrupted, waitFor } from '../../src/engine/wait.js'

describe('waiting', () => {
  const op: Operation = { signal: new AbortController().signal, waiting: () => undefined }
  const codeOf = (attempt: Promise<unknown>) =>
    attempt.then(
      () => 'none',
      (error: Error & { code?: string }) => error.code ?? error.message,
    )
  const states = (...list: string[]) => {
    const left = [...list]
    return {
      what: 'gateway nat-1 to become available',
      poll: () => Promise.resolve(left.shift() ?? 'pending'),
      check: (state: string) =>
        state === 'available'
          ? ('done' as const)
          : state === 'pending'
            ? ('pending' as const)
            : { failed: `it is ${state}` },
      timeoutMs: 60_000,
      minDelayMs: 1,
    }
  }

  it('polls until it is so, and gives back what it saw', async () => {
    expect(await waitFor(states('pending', 'pending', 'available'), op)).to.equal('available')
  })

  it('ends at once in a state that was not expected', async () => {
    expect(await codeOf(waitFor(states('pending', 'failed', 'available'), op))).to.equal('WAIT_FAILED')
  })

  it('gives up after its time', async () => {
    expect(await codeOf(waitFor({ ...states(), timeoutMs: 0, minDelayMs: 5 }, op))).to.equal('WAIT_TIMEOUT')
  })

  it('stops when the run stops, before and in the middle of a pause', async () => {
    const controller = new AbortController()
    const waiting = codeOf(sleep(60_000, controller.signal))
    controller.abort()
    expect(await waiting).to.equal('INTERRUPTED')
    expect(await codeOf(sleep(60_000, controller.signal))).to.equal('INTERRUPTED')
    const stopped = { ...op, signal: controller.signal }
    expect(await codeOf(waitFor(states(), stopped))).to.equal('INTERRUPTED')
  })

  it('leaves what only looks as soon as it is interrupted, and else brings what it found', async () => {
    const controller = new AbortController()
    expect(await unlessInterrupted(Promise.resolve('found'), controller.signal)).to.equal('found')
    expect(await codeOf(unlessInterrupted(Promise.reject(new Error('denied')), controller.signal))).to.equal(
      'denied',
    )
    const never = new Promise<never>(() => undefined)
    const looking = codeOf(unlessInterrupted(never, controller.signal))
    controller.abort()
    expect(await looking).to.equal('INTERRUPTED')
    expect(await codeOf(unlessInterrupted(never, controller.signal))).to.equal('INTERRUPTED')
  })

  const failing = (times: number, message: string) => {
    let left = times
    return () => (left-- > 0 ? Promise.reject(new Error(message)) : Promise.resolve('ok'))
  }
  const busy = {
    what: 'waiting for another change',
    retryable: (error: unknown) => (error as Error).message === 'busy',
    timeoutMs: 60_000,
    minDelayMs: 1,
  }

  it('repeats what fails in a way that passes', async () => {
    expect(await retryWhile(failing(3, 'busy'), busy, op)).to.equal('ok')
  })

  it('throws any other error, and the last one after its time, as they are', async () => {
    expect(await codeOf(retryWhile(failing(1, 'denied'), busy, op))).to.equal('denied')
    const short = { ...busy, timeoutMs: 0, minDelayMs: 5 }
    expect(await codeOf(retryWhile(failing(1000, 'busy'), short, op))).to.equal('busy')
  })

  it('has timers that run, unless they are cancelled', async () => {
    const ran: string[] = []
    systemClock.after(1, () => ran.push('cancelled')).cancel()
    await new Promise<void>((resolve) => {
      systemClock.after(2, () => {
        ran.push('kept')
        resolve()
      })
      // Its timers keep no process alive.
      setTimeout(() => undefined, 50)
    })
    expect(ran).to.deep.equal(['kept'])
  })
})
