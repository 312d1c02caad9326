import { DatapipeError, InterruptedError } from '../errors.js'
import type { Operation } from './operation.js'

/** Sleeps, or stops at once when the signal is aborted. @throws InterruptedError */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(new InterruptedError())
      return
    }
    const onAbort = () => {
      clearTimeout(timer)
      reject(new InterruptedError())
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort)
      resolve()
    }, ms)
    signal.addEventListener('abort', onAbort, { once: true })
  })
}

/**
 * What the promise brings, or nothing as soon as the signal is aborted: for looking, which can be left at any moment.
 * @throws InterruptedError
 */
export async function unlessInterrupted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  let onAbort: () => void = () => undefined
  const interrupted = new Promise<never>((_resolve, reject) => {
    onAbort = () => {
      reject(new InterruptedError())
    }
  })
  if (signal.aborted) onAbort()
  else signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([promise, interrupted])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

export interface WaitOptions<T> {
  /** What is waited for, in words: "NAT gateway nat-1 to become available". */
  what: string
  /** Looks once. */
  poll: () => Promise<T>
  /** `done`, `pending`, or `failed` with the reason: an unexpected state ends the wait at once. */
  check: (seen: T) => 'done' | 'pending' | { failed: string }
  timeoutMs: number
  /** First and longest pause between looks; default 500 ms growing to 5 s. */
  minDelayMs?: number
  maxDelayMs?: number
}

const SAY_EVERY_MS = 10_000

/**
 * Polls until something is so, with back-off and jitter.
 * @throws DatapipeError WAIT_TIMEOUT when it takes too long, WAIT_FAILED on an unexpected state; InterruptedError
 */
export async function waitFor<T>(options: WaitOptions<T>, op: Operation): Promise<T> {
  const started = Date.now()
  let said = started
  let delay = options.minDelayMs ?? 500
  for (;;) {
    const seen = await options.poll()
    const state = options.check(seen)
    if (state === 'done') return seen
    if (state !== 'pending') {
      throw new DatapipeError('WAIT_FAILED', `Waited for ${options.what}, but ${state.failed}`)
    }
    const now = Date.now()
    if (now - started > options.timeoutMs) {
      throw new DatapipeError('WAIT_TIMEOUT', `Waited ${seconds(now - started)} for ${options.what}.`, {
        suggestions: ['Run the same command again: it continues where this run stopped.'],
      })
    }
    if (now - said >= SAY_EVERY_MS) {
      said = now
      op.waiting(`waiting for ${options.what} (${seconds(now - started)})`)
    }
    await sleep(delay * (0.75 + Math.random() / 2), op.signal)
    delay = Math.min(delay * 1.5, options.maxDelayMs ?? 5000)
  }
}

export interface RetryOptions {
  /** What is retried, in words, for the progress line. */
  what: string
  /** true: this error passes by itself. */
  retryable: (error: unknown) => boolean
  timeoutMs: number
  minDelayMs?: number
  maxDelayMs?: number
}

/** Repeats an action while it fails in a way that passes by itself; the last error is thrown as it is. */
export async function retryWhile<T>(
  action: () => Promise<T>,
  options: RetryOptions,
  op: Operation,
): Promise<T> {
  const started = Date.now()
  let said = started
  let delay = options.minDelayMs ?? 250
  for (;;) {
    try {
      return await action()
    } catch (error) {
      const now = Date.now()
      if (!options.retryable(error) || now - started > options.timeoutMs) throw error
      if (now - said >= SAY_EVERY_MS) {
        said = now
        op.waiting(`${options.what} (${seconds(now - started)})`)
      }
    }
    await sleep(delay * (0.75 + Math.random() / 2), op.signal)
    delay = Math.min(delay * 1.5, options.maxDelayMs ?? 2000)
  }
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`
}
