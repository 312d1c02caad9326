import {
  CST,
  isAlias,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  parseDocument,
  visit,
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

/** Characters. A large configuration has some thousand lines. */
const LARGEST = 1024 * 1024
/** Brackets within brackets, or lists within lists on one line. */
const DEEPEST = 64
/** Columns: a mapping within a mapping takes at least one more. */
const WIDEST_INDENT = 256

/**
 * Reads YAML 1.2: one document, no duplicate keys, no unknown tags, no alias bombs, nothing that is deeper or larger than
 * any configuration.
 */
export function parseSource(text: string): ConfigSource | { problems: ConfigProblem[] } {
  const lines = new LineCounter()
  const excess = excessOf(text)
  if (excess !== undefined) return { problems: [syntaxProblem(excess.message, excess.at)] }
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    // Looked at below: the parser compares each with each, which takes minutes for thousands.
    uniqueKeys: false,
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
  problems.push(...misleading(document, lines))
  if (problems.length > 0) return { problems }
  try {
    const value: unknown = document.toJS({ maxAliasCount: MAX_ALIASES })
    return { value, locate: (path, what) => position(lines, offsetOf(document, path, what)) }
  } catch (error) {
    return { problems: [syntaxProblem(messageOf(error), { line: 1, column: 1 })] }
  }
}

/** What the parser would fall over: it calls itself for each level. The lexer does not. */
function excessOf(text: string): { message: string; at: Position } | undefined {
  if (text.length > LARGEST) {
    const message = `The file has ${text.length} characters; datapipe reads up to ${LARGEST}.`
    return { message, at: { line: 1, column: 1 } }
  }
  let [line, open, onLine, isStart] = [1, 0, 0, true]
  let isContent = false
  for (const token of new Lexer().lex(text)) {
    // The text of a value comes after a mark, and can look like anything.
    const type = isContent ? 'scalar' : CST.tokenType(token)
    isContent = token === CST.SCALAR
    if (type === 'flow-map-start' || type === 'flow-seq-start') open += 1
    else if (type === 'flow-map-end' || type === 'flow-seq-end') open -= 1
    else if (type === 'seq-item-ind' || type === 'explicit-key-ind') onLine += 1
    const indent = isStart && type === 'space' ? token.length : 0
    if (open > DEEPEST || onLine > DEEPEST || indent > WIDEST_INDENT) {
      return { message: 'The file is nested too deep to be a configuration.', at: { line, column: 1 } }
    }
    const breaks = type === 'newline' ? 1 : token.split('\n').length - 1
    line += breaks
    isStart = breaks > 0
    if (isStart) onLine = 0
  }
  return undefined
}

/** What other programs that read the file would take for something else. */
function misleading(document: Document, lines: LineCounter): ConfigProblem[] {
  const problems: ConfigProblem[] = []
  const { explicit, version } = document.directives?.yaml ?? {}
  if (explicit === true && version !== '1.2') {
    const message = `The file asks for YAML ${version}; datapipe reads 1.2. Take out the line with %YAML.`
    problems.push(syntaxProblem(message, { line: 1, column: 1 }))
  }
  visit(document, {
    Map: (_key, { items }) => {
      const seen = new Set<string>()
      for (const { key } of items) {
        const name = isScalar(key) ? String(key.value) : undefined
        if (name !== undefined && seen.has(name)) {
          problems.push(syntaxProblem('Map keys must be unique', position(lines, startOf(key) ?? 0)))
        }
        if (name !== undefined) seen.add(name)
      }
    },
    Pair: (_key, { key }) => {
      if (!isScalar(key) || key.value !== '__proto__') return
      const at = position(lines, startOf(key) ?? 0)
      problems.push(syntaxProblem('Nothing can be called `__proto__`.', at))
    },
  })
  return problems
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
