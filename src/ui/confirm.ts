import { createInterface } from 'node:readline/promises'
import { isContinuousIntegration } from './continuous-integration.js'

/** true when somebody sits in front of it and can answer. Some CI systems have a terminal, but nobody at it. */
export function canAsk(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY && !isContinuousIntegration(process.env)
}

/**
 * Asks on stderr; stdout stays free for data.
 * @returns the answer, trimmed
 */
export async function ask(question: string, signal: AbortSignal): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return (await terminal.question(question, { signal })).trim()
  } finally {
    terminal.close()
  }
}

/** A yes-or-no question; anything but a yes is a no. */
export async function confirm(question: string, signal: AbortSignal): Promise<boolean> {
  return /^y(es)?$/i.test(await ask(`${question} [y/N] `, signal))
}
