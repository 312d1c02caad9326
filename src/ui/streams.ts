import { writeSync } from 'node:fs'
import { guardOutput } from './output.js'
import { redact, redactKnown } from './redact.js'

/** Where a reporter writes. Everything passes the redaction on its way; of data, only what is known to be secret is hidden. */
export interface Streams {
  out(text: string): void
  err(text: string): void
  outIsTerminal: boolean
  /** A terminal with a size: some pretend to be one and have no columns. */
  errIsTerminal: boolean
}

/** stdout and stderr of this process. A reader that went away (`| head`) is not an error. */
export function standardStreams(): Streams {
  guardOutput()
  return {
    out: (text) => void process.stdout.write(redactKnown(text)),
    err: (text) => void process.stderr.write(redact(text)),
    outIsTerminal: process.stdout.isTTY,
    errIsTerminal: process.stderr.isTTY && process.stderr.columns > 0,
  }
}

/** For the moment before the process ends: past everything that buffers stderr. */
export function sayBeforeExit(text: string): void {
  try {
    // In place of the line that shows what is under way, if there is one.
    writeSync(process.stderr.fd, `${process.stderr.isTTY ? CLEAR_LINE : ''}${redact(text)}\n`)
  } catch {
    // Nobody is listening any more.
  }
}

const CLEAR_LINE = '\r\u001B[K'
