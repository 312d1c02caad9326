import { runtimeError } from './errors.js'
import type { Json } from './json.js'

/** A parsed intrinsic function call or one of its arguments. */
export type Expression =
  | { kind: 'call'; name: string; args: Expression[] }
  | { kind: 'path'; path: string }
  /** `text` still has its backslashes: States.Format reads `\{` differently from the rest. */
  | { kind: 'string'; text: string }
  | { kind: 'literal'; value: Json }

/**
 * Parses `States.Name(argument, …)`: arguments are paths, 'strings', numbers, true, false, null and calls, nested as deep as
 * you like.
 * @throws StatesError States.Runtime
 */
export function parseExpression(source: string): Expression {
  const parser = new Parser(source)
  const expression = parser.call()
  parser.end()
  return expression
}

const NAME = /States\.[A-Za-z0-9]+/y
const NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const WORD = /(?:true|false|null)\b/y
const STRING = /'((?:[^'\\]|\\.)*)'/sy

class Parser {
  #position = 0

  constructor(readonly source: string) {}

  call(): Expression {
    this.#space()
    const [name] = this.#match(NAME) ?? this.#fail('the name of a function')
    this.#expect('(')
    const args: Expression[] = []
    this.#space()
    while (this.source[this.#position] !== ')') {
      if (args.length > 0) this.#expect(',')
      args.push(this.#argument())
      this.#space()
    }
    this.#position++
    return { kind: 'call', name, args }
  }

  end(): void {
    this.#space()
    if (this.#position < this.source.length) this.#fail('the end')
  }

  #argument(): Expression {
    this.#space()
    const first = this.source[this.#position]
    if (first === '$') return { kind: 'path', path: this.#path() }
    if (first === 'S') return this.call()
    if (first === "'") {
      const [, text = ''] = this.#match(STRING) ?? this.#fail("a closing '")
      return { kind: 'string', text }
    }
    const [text] = this.#match(NUMBER) ?? this.#match(WORD) ?? this.#fail('an argument')
    return { kind: 'literal', value: JSON.parse(text) as Json }
  }

  /** A path ends at the comma or parenthesis that belongs to the call, not to one of its own brackets or strings. */
  #path(): string {
    const start = this.#position
    let depth = 0
    let quote = ''
    for (; this.#position < this.source.length; this.#position++) {
      const character = this.source[this.#position] ?? ''
      if (quote !== '') {
        if (character === '\\') this.#position++
        else if (character === quote) quote = ''
      } else if (character === "'" || character === '"') quote = character
      else if (character === '[' || character === '(') depth++
      else if (depth === 0 && (character === ',' || character === ')')) break
      else if (character === ']' || character === ')') depth--
    }
    return this.source.slice(start, this.#position).trim()
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#position
    const match = pattern.exec(this.source)
    if (match === null) return undefined
    this.#position += match[0].length
    return match
  }

  #expect(character: string): void {
    this.#space()
    if (this.source[this.#position] !== character) this.#fail(`'${character}'`)
    this.#position++
  }

  #space(): void {
    while (/\s/.test(this.source[this.#position] ?? '')) this.#position++
  }

  #fail(expected: string): never {
    throw runtimeError(
      `The function '${this.source}' is not valid: expected ${expected} at character ${this.#position + 1}.`,
    )
  }
}
