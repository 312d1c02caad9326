import { format } from 'node:util'
import { DatapipeError } from '../errors.js'
import { redact } from '../secrets.js'
import { toFailure } from './failure.js'
import { reportFailure } from './report.js'

/** What Node's own debug output (NODE_DEBUG) is written with; not part of its documented interface. */
interface RawDebug {
  _rawDebug?: (...parts: unknown[]) => void
}

let isDone = false

/**
 * Lets nothing leave over stderr as it is: not what libraries print (DEBUG, NODE_DEBUG, warnings of Node), and not the
 * last words of a process that a defect ends, which Node would print with everything that hangs on the error.
 */
export function hideSecrets(): void {
  if (isDone) return
  isDone = true
  const write = process.stderr.write.bind(process.stderr) as (...args: unknown[]) => boolean
  process.stderr.write = (chunk: string | Uint8Array, ...rest: unknown[]) =>
    write(redact(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString()), ...rest)
  hideInDebugOutput(process as RawDebug)
  process.on('uncaughtException', (error) => {
    end(error)
  })
}

function hideInDebugOutput(node: RawDebug): void {
  const { _rawDebug: rawDebug } = node
  if (rawDebug === undefined) return
  node._rawDebug = (...parts) => {
    rawDebug('%s', redact(format(...parts)))
  }
}

/** Nothing is left to rely on: says what happened, in words or as the document, and ends the process. */
function end(error: unknown): void {
  const words = process.argv.slice(2)
  // What follows may be anything, a statement for example.
  const command = words.find((word) => !word.startsWith('-')) ?? ''
  const failure = crash(error, command)
  reportFailure(failure, {
    json: words.includes('--json'),
    debug: words.includes('--debug'),
    document: { command, env: null, warnings: [] },
  })
  process.exit(failure.exitCode)
}

function crash(error: unknown, command: string): DatapipeError {
  try {
    return toFailure(error, { command, flagNames: [] })
  } catch {
    return new DatapipeError('INTERNAL', 'Unexpected error.', { cause: error })
  }
}
