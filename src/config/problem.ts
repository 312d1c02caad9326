import { UsageError } from '../errors.js'

/** One thing that is wrong with datapipe.yaml. */
export interface ConfigProblem {
  code: 'CONFIG_SYNTAX' | 'CONFIG_UNKNOWN_KEY' | 'CONFIG_INVALID' | 'SQL_FILE_NOT_FOUND'
  /** Dotted, for example `environments.dev.network`; empty for the whole file. */
  path: string
  message: string
  /** Counted from 1. */
  line: number
  column: number
  suggestion?: string
}

/** Nobody reads more of them, and to find where each one stands takes its time. */
export const MOST_PROBLEMS = 100

/** All problems as one error, in the order of the file; its code is that of the first. */
export function configError(file: string, problems: readonly ConfigProblem[]): UsageError {
  const sorted = [...problems].sort((a, b) => a.line - b.line || a.column - b.column).slice(0, MOST_PROBLEMS)
  const count =
    problems.length >= MOST_PROBLEMS ? `${MOST_PROBLEMS} problems or more` : `${problems.length} problems`
  const [first] = sorted
  const message =
    sorted.length === 1 && first !== undefined
      ? `${file}:${first.line}:${first.column}: ${first.message}`
      : [
          `${file} has ${count}:`,
          ...sorted.map((problem) => `  ${file}:${problem.line}:${problem.column}: ${problem.message}`),
        ].join('\n')
  const suggestions = sorted.flatMap(({ suggestion }) => suggestion ?? [])
  return new UsageError(first?.code ?? 'CONFIG_INVALID', message, {
    suggestions: [...new Set(suggestions)],
    result: { problems: sorted },
  })
}

/** `datasets.temperature.columns.start_time`, `notify.email[0]` */
export function dotted(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`
    return text === '' ? String(key) : `${text}.${String(key)}`
  }, '')
}

/** A value in a message: short, and never the content of a list or mapping. */
export function shown(value: unknown): string {
  if (value === null) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a mapping'
  const text = JSON.stringify(value)
  return text.length > 60 ? `${text.slice(0, 59)}…` : text
}
