import {
  isAlias,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Document,
} from 'yaml'
import { messageOf } from '../errors.js'
import type { ConfigProblem } from './problem.js'

export interface Position {
  line: number
  column: number
}

/** A YAML text as plain values, and where in the text each of them stands. */
export interface ConfigSource {
  value: unknown
  /** Position of a value, or of its key; of its nearest parent when it is not in the text. */
  locate(path: readonly PropertyKey[], what: 'key' | 'value'): Position
}

/** More aliases than a configuration needs, fewer than an expansion attack. */
const MAX_ALIASES = 50

/** Reads YAML: one document, no duplicate keys, no unknown tags, no alias bombs. */
export function parseSource(text: string): ConfigSource | { problems: ConfigProblem[] } {
  const lines = new LineCounter()
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: true,
    strict: true,
  })
  const problems = [...document.errors, ...document.warnings].map(({ code, message, pos }) =>
    syntaxProblem(
      code === 'MULTIPLE_DOCS'
        ? 'The file holds more than one YAML document (`---`); datapipe reads one.'
        : message,
      position(lines, pos[0]),
    ),
  )
  if (problems.length > 0) return { problems }
  try {
    const value: unknown = document.toJS({ maxAliasCount: MAX_ALIASES })
    return { value, locate: (path, what) => position(lines, offsetOf(document, path, what)) }
  } catch (error) {
    return { problems: [syntaxProblem(messageOf(error), { line: 1, column: 1 })] }
  }
}

function syntaxProblem(message: string, at: Position): ConfigProblem {
  return { code: 'CONFIG_SYNTAX', path: '', message, ...at }
}

function position(lines: LineCounter, offset: number): Position {
  const { col, line } = lines.linePos(offset)
  return { line: Math.max(1, line), column: Math.max(1, col) }
}

function offsetOf(document: Document, path: readonly PropertyKey[], what: 'key' | 'value'): number {
  let node: unknown = document.contents
  let offset = startOf(node) ?? 0
  for (const [index, key] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document)
    const isLast = index === path.length - 1
    if (isMap(node)) {
      const pair = node.items.find(
        (item) => isPair(item) && isScalar(item.key) && String(item.key.value) === key,
      )
      if (pair === undefined) return offset
      offset = (isLast && what === 'value' ? startOf(pair.value) : undefined) ?? startOf(pair.key) ?? offset
      node = pair.value
    } else if (isSeq(node) && typeof key === 'number') {
      node = node.items[key]
      offset = startOf(node) ?? offset
    } else {
      return offset
    }
  }
  return offset
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined
}
