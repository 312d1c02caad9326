import { messageOf } from '../../errors.js'
import type { TransformEvent } from '../types.js'

/** Something that a container tells: one line of JSON each on stdout, which is its log. */
export type Log = (event: string, details?: Record<string, unknown>) => void

export function jsonLog(write: (line: string) => void): Log {
  return (event, details = {}) =>
    write(`${JSON.stringify({ time: new Date().toISOString(), event, ...details })}\n`)
}

/** Progress stays out of the log: a line per chunk would cost more than it tells. */
export function logTransform(log: Log): (event: TransformEvent) => void {
  return (event) => {
    if (event.type === 'progress') return
    const { type, ...details } = event
    log(type, details)
  }
}

/** What a log may say of an error: no stack, no headers, no request. */
export function errorDetails(error: unknown): { code: string; message: string } {
  const { code, name } = error as { code?: unknown; name?: unknown }
  const text = typeof code === 'string' ? code : typeof name === 'string' ? name : 'INTERNAL'
  return { code: text, message: messageOf(error) }
}
