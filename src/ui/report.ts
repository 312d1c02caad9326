import type { DatapipeError } from '../errors.js'
import { failureDocument, stackOf, toJson, type DocumentContext } from './document.js'
import { failureText } from './failure.js'
import { printable, printableJson } from './printable.js'
import { redact, redactKnown } from './redact.js'

export interface ReportOptions {
  json: boolean
  debug: boolean
  document: DocumentContext
}

/**
 * Prints a failure once, as text or as the document, and sets the exit code.
 * @returns the error to throw: oclif then only ends the process, with the same exit code
 */
export function reportFailure(failure: DatapipeError, { debug, document, json }: ReportOptions): Error {
  if (json) print(redact(toJson(failureDocument(document, failure, debug))))
  else {
    const text = debug ? `${failureText(failure)}\n\n${stackOf(failure)}` : failureText(failure)
    process.stderr.write(`${printable(redact(text))}\n`)
  }
  process.exitCode = failure.exitCode
  return Object.assign(failure, { oclif: { exit: failure.exitCode }, skipOclifErrorHandling: true })
}

/** The document of a success: it may hold data, of which only what is known to be secret is hidden. */
export function printDocument(document: unknown): void {
  print(redactKnown(toJson(document)))
}

function print(json: string): void {
  process.stdout.write(`${printableJson(json)}\n`)
}
