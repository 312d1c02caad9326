import { finished, type Document, type User } from '../cli.js'

/** How one attempt of a command ended. */
export interface Attempt {
  code: number | null
  /** Of the error, if there was one. */
  error?: string
  message?: string
  result: unknown
  /** What must never happen, in words. */
  violations: string[]
}

/** Longer than any command takes that is not stuck. */
const LIMIT_MS = 300_000
const STACK = /\n\s+at .+:\d+:\d+/
/** These say that datapipe does not know itself what happened. */
const UNCLEAR = ['INTERNAL', 'UNKNOWN', 'UNEXPECTED']

/** Runs a command with --json, and looks at how it ends: well, or with an error that is one of its own. */
export async function attempt(user: User, args: readonly string[]): Promise<Attempt> {
  const child = user.start(...args, '--env', 'dev', '--json')
  const limit = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS)
  const { code, stderr, stdout } = await finished(child)
  clearTimeout(limit)
  const violations: string[] = []
  if (code === null) violations.push(`did not end within ${LIMIT_MS / 1000} s`)
  if (STACK.test(stderr) || STACK.test(stdout)) violations.push(`printed a stack trace: ${stderr}`)
  const document = parse(stdout)
  if (document === undefined) {
    if (code !== null) violations.push(`printed no document: ${stdout}${stderr}`)
    return { code, result: undefined, violations }
  }
  const { error, ok, result } = document
  if (ok !== (error === undefined)) violations.push('says ok beside an error, or not ok without one')
  if (error !== undefined) {
    if (UNCLEAR.includes(error.code)) violations.push(`ended unclear: ${error.code} ${error.message}`)
    if (code === 0) violations.push(`exit code 0 beside ${error.code}`)
    if (error.suggestions.length === 0) violations.push(`${error.code} does not say what to do next`)
  }
  return { code, error: error?.code, message: error?.message, result, violations }
}

function parse(stdout: string): Document<unknown> | undefined {
  try {
    return JSON.parse(stdout) as Document<unknown>
  } catch {
    return undefined
  }
}
