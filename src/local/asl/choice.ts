import { runtimeError } from './errors.js'
import { isObject, type Json } from './json.js'
import { lookUp, type Scope } from './path.js'
import type { ChoiceRule } from './definition.js'

/** Whether a rule of a Choice state holds. @throws StatesError States.Runtime when its Variable leads nowhere */
export function holds(rule: ChoiceRule, scope: Scope): boolean {
  if (Array.isArray(rule.And)) return rule.And.every((part) => holds(nested(part), scope))
  if (Array.isArray(rule.Or)) return rule.Or.some((part) => holds(nested(part), scope))
  if (rule.Not !== undefined) return !holds(nested(rule.Not), scope)
  const { Variable: variable } = rule
  const operator = Object.keys(rule).find((key) => !['Variable', 'Next', 'Comment'].includes(key))
  if (typeof variable !== 'string' || operator === undefined) {
    throw runtimeError(`The rule ${JSON.stringify(rule)} of the choice state is not complete.`)
  }
  const value = lookUp(variable, scope)
  if (operator === 'IsPresent') return (value !== undefined) === rule.IsPresent
  if (value === undefined) throw invalid(variable)
  return compare(operator, value, rule[operator] ?? null, scope)
}

function compare(operator: string, value: Json, operand: Json, scope: Scope): boolean {
  const test = TYPE_TESTS[operator]
  if (test !== undefined) return test(value) === operand
  const byPath = operator.endsWith('Path')
  const name = byPath ? operator.slice(0, -'Path'.length) : operator
  const match = COMPARISON.exec(name)
  if (match === null || operator === 'StringMatchesPath') {
    throw runtimeError(`The choice state has an unknown comparison: ${operator}.`)
  }
  const type = match[1] ?? match[3] ?? 'String'
  const relation = match[2] ?? (name === 'StringMatches' ? 'Matches' : 'Equals')
  const right = byPath ? atPath(operand, scope) : operand
  if (relation === 'Matches')
    return typeof value === 'string' && typeof right === 'string' && wildcard(right).test(value)
  const a = comparable(type, value)
  const b = comparable(type, right)
  if (b === undefined)
    throw runtimeError(`The value to compare with for ${operator} is not a ${type.toLowerCase()}.`)
  // A value of another type is not an error, it does not match.
  return a !== undefined && RELATIONS[relation]?.(a, b) === true
}

const COMPARISON =
  /^(?:(String|Numeric|Timestamp)(Equals|(?:Less|Greater)Than(?:Equals)?)|(Boolean)Equals|StringMatches)$/

type Comparable = string | number | boolean

const RELATIONS: Record<string, (a: Comparable, b: Comparable) => boolean> = {
  Equals: (a, b) => a === b,
  LessThan: (a, b) => a < b,
  GreaterThan: (a, b) => a > b,
  LessThanEquals: (a, b) => a <= b,
  GreaterThanEquals: (a, b) => a >= b,
}

const TYPE_TESTS: Record<string, (value: Json) => boolean> = {
  IsNull: (value) => value === null,
  IsString: (value) => typeof value === 'string',
  IsNumeric: (value) => typeof value === 'number',
  IsBoolean: (value) => typeof value === 'boolean',
  IsTimestamp: (value) => timestamp(value) !== undefined,
}

function comparable(type: string, value: Json): Comparable | undefined {
  if (type === 'Timestamp') return timestamp(value)
  const wanted = type === 'Numeric' ? 'number' : type.toLowerCase()
  return typeof value === wanted ? (value as Comparable) : undefined
}

/** RFC 3339 with an upper-case T and zone, as the States Language asks. */
function timestamp(value: Json): number | undefined {
  if (typeof value !== 'string') return undefined
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(value)) return undefined
  const time = Date.parse(value)
  return Number.isNaN(time) ? undefined : time
}

/** `*` stands for any run of characters; `\*` is an asterisk, `\\` a backslash. */
function wildcard(pattern: string): RegExp {
  const source = pattern.replace(/\\([*\\])|\*|[.+?^${}()|[\]\\]/g, (match: string, escaped?: string) => {
    if (escaped !== undefined) return `\\${escaped}`
    return match === '*' ? '.*' : `\\${match}`
  })
  return new RegExp(`^${source}$`, 's')
}

function atPath(path: Json, scope: Scope): Json {
  const value = typeof path === 'string' ? lookUp(path, scope) : undefined
  if (value === undefined) throw invalid(JSON.stringify(path))
  return value
}

function nested(rule: Json): ChoiceRule {
  if (!isObject(rule)) throw runtimeError('A rule of the choice state is not an object.')
  return rule
}

function invalid(path: string) {
  return runtimeError(
    `Invalid path '${path}': The choice state's condition path references an invalid value.`,
  )
}
