import { writeSync } from 'node:fs'

/** Why what was written to stdout did not arrive; undefined while it does. */
let failure: NodeJS.ErrnoException | undefined
let gone = false
let guarded = false

/**
 * Keeps the process alive when stdout or stderr cannot be written to. A reader that went away (`| head`) and a terminal that
 * was closed end nothing: the work goes on, and the exit code tells how it ended. Progress on stderr that is lost is
 * lost. But data that did not reach stdout for any other reason, such as a full disk, makes the command fail at its end.
 */
export function guardOutput(): void {
  if (guarded) return
  guarded = true
  // oclif's own listener ends the process with a stack for everything but a broken pipe.
  process.stdout.removeAllListeners('error')
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (isGone(error, process.stdout.isTTY)) gone = true
    else failure ??= error
  })
  process.stderr.on('error', () => undefined)
  process.once('exit', reportLostOutput)
}

/** Whether nobody reads stdout any more: what is yet to be printed need not be found out. */
export function readerIsGone(): boolean {
  return gone
}

/** A terminal that was closed answers with EIO, and so does a broken disk, of which one wants to know. */
function isGone({ code }: NodeJS.ErrnoException, isTerminal: boolean): boolean {
  return code === 'EPIPE' || (code === 'EIO' && isTerminal)
}

/** At the very end, because output is written at the very end. */
function reportLostOutput(): void {
  if (failure === undefined) return
  if (process.exitCode === undefined || process.exitCode === 0) process.exitCode = 1
  const { code, message } = failure
  const why = code === 'ENOSPC' ? 'the disk is full' : message
  const text = [
    `Error: The output could not be written to stdout: ${why}. What the command was to do is done.`,
    '',
    '  - Make room, or send the output elsewhere, and run the command again.',
    '',
  ]
  try {
    writeSync(process.stderr.fd, text.join('\n'))
  } catch {
    // Nobody is listening any more.
  }
}
