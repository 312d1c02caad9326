import { messageOf } from '../../errors.js'
import type { Kind } from './kinds.js'
import { textProblem } from './text-table.js'

/** Why a line is no record, as the end of the sentence "the line …". */
export class JsonProblem extends Error {
  constructor(
    message: string,
    readonly key: string | null = null,
  ) {
    super(message)
  }
}

export interface Member {
  key: string
  /** Undefined: the member is null. */
  kind: Kind | undefined
  /** As the source has it; of a string, what it means; '' when the member is null. */
  text: string
}

const SPACE = /[ \t\r\n]*/y
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const LITERAL = /true|false|null/y
const NEEDS_PARSER = /[\\\u0000-\u001f]/
/** Up to so many members it is faster to look through them than to hash their keys. */
const FEW = 16

/**
 * Reads the members of one JSON object. Unlike JSON.parse it keeps the text of numbers, which may have more digits than a
 * double, and sees a key that comes twice.
 * @throws JsonProblem
 */
export function readJsonObject(source: string): Member[] {
  return new ObjectReader(source).members()
}

class ObjectReader {
  private at = 0

  constructor(private readonly source: string) {}

  members(): Member[] {
    const { source } = this
    this.space()
    if (source[this.at] !== '{') {
      parsed(source)
      throw new JsonProblem('is no JSON object')
    }
    this.at += 1
    this.space()
    const members: Member[] = []
    let keys: Set<string> | undefined
    while (source[this.at] !== '}' || members.length > 0) {
      if (source[this.at] !== '"') throw notJson(source, this.at)
      const key = wellFormed(this.string(), null)
      if (members.length === FEW) keys = new Set(members.map((member) => member.key))
      if (keys ? keys.has(key) : members.some((member) => member.key === key)) {
        throw new JsonProblem(`has the key "${key}" twice`, key)
      }
      keys?.add(key)
      this.space()
      if (source[this.at] !== ':') throw notJson(source, this.at)
      this.at += 1
      this.space()
      members.push(this.value(key))
      this.space()
      if (source[this.at] === '}') break
      if (source[this.at] !== ',') throw notJson(source, this.at)
      this.at += 1
      this.space()
    }
    this.at += 1
    this.space()
    if (this.at < source.length) throw new JsonProblem('goes on after its JSON object')
    return members
  }

  private value(key: string): Member {
    const { source } = this
    const first = source[this.at]
    if (first === '"') return { key, kind: 'text', text: wellFormed(this.string(), key) }
    if (first === '{' || first === '[') {
      const start = this.at
      this.at = endOfStructure(source, start)
      const text = source.slice(start, this.at)
      parsed(text)
      return { key, kind: 'structure', text }
    }
    const literal = this.token(LITERAL)
    if (literal === 'null') return { key, kind: undefined, text: '' }
    if (literal !== undefined) return { key, kind: 'boolean', text: literal }
    const number = this.token(NUMBER)
    if (number === undefined) throw notJson(source, this.at)
    return { key, kind: 'number', text: number.replace(/[eE](?=\d)/, 'e+') }
  }

  private space(): void {
    const code = this.source.charCodeAt(this.at)
    if (code > 0x20) return
    SPACE.lastIndex = this.at
    SPACE.test(this.source)
    this.at = SPACE.lastIndex
  }

  private token(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at
    const found = pattern.exec(this.source)?.[0]
    if (found !== undefined) this.at += found.length
    return found
  }

  private string(): string {
    const end = endOfString(this.source, this.at)
    const slice = this.source.slice(this.at, end)
    this.at = end
    return NEEDS_PARSER.test(slice) ? (parsed(slice) as string) : slice.slice(1, -1)
  }
}

function wellFormed(text: string, key: string | null): string {
  const problem = textProblem(text)
  if (problem !== undefined) throw new JsonProblem(problem, key)
  return text
}

function endOfString(source: string, start: number): number {
  let end = source.indexOf('"', start + 1)
  while (end !== -1) {
    let slashes = 0
    while (source[end - 1 - slashes] === '\\') slashes += 1
    if (slashes % 2 === 0) return end + 1
    end = source.indexOf('"', end + 1)
  }
  throw notJson(source, source.length)
}

function endOfStructure(source: string, start: number): number {
  let depth = 0
  for (let i = start; i < source.length; i++) {
    const character = source[i]
    if (character === '"') i = endOfString(source, i) - 1
    else if (character === '{' || character === '[') depth += 1
    else if (character === '}' || character === ']') {
      depth -= 1
      if (depth === 0) return i + 1
    }
  }
  throw notJson(source, source.length)
}

function parsed(slice: string): unknown {
  try {
    return JSON.parse(slice)
  } catch (error) {
    throw new JsonProblem(`is not valid JSON: ${messageOf(error).slice(0, 200)}`)
  }
}

function notJson(source: string, at: number): JsonProblem {
  const found =
    at >= source.length
      ? 'it ends too early'
      : `unexpected ${JSON.stringify(source[at])} at character ${at + 1}`
  return new JsonProblem(`is not valid JSON: ${found}`)
}
