import type { z } from 'zod'
import { nearestWord } from './nearest.js'
import { knownKeys } from './json-schema.js'
import { dotted, MOST_PROBLEMS, shown, type ConfigProblem } from './problem.js'
import type { ConfigSource } from './source.js'

type Issue = z.core.$ZodIssue

/** What the schema found wrong, in words: where it stands, what was found, what was expected. */
export function explainIssue(issue: Issue, source: ConfigSource): ConfigProblem[] {
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(issue.path)
    return issue.keys.slice(0, MOST_PROBLEMS).map((key) => unknownKey(issue.path, key, known, source))
  }
  if (issue.code === 'invalid_union') {
    const meant = meantBranch(issue)
    if (meant !== undefined) {
      return meant.flatMap((inner) =>
        explainIssue({ ...inner, path: [...issue.path, ...inner.path] }, source),
      )
    }
  }
  const path = dotted(issue.path)
  if (issue.code === 'invalid_key') {
    const rule = issue.issues[0]?.message ?? 'is not allowed'
    const message = `the name \`${String(issue.path.at(-1))}\` in \`${dotted(issue.path.slice(0, -1))}\` ${rule}.`
    return [{ code: 'CONFIG_INVALID', path, message, ...source.locate(issue.path, 'key') }]
  }
  const subject = path === '' ? 'the file' : `\`${path}\``
  const at = source.locate(issue.path, 'value')
  const message =
    issue.input === undefined ? `${subject} is missing.` : `${subject} ${rule(issue)}; found ${found(issue)}.`
  return [{ code: 'CONFIG_INVALID', path, message, ...at }]
}

function unknownKey(
  parent: readonly PropertyKey[],
  key: string,
  known: readonly string[],
  source: ConfigSource,
): ConfigProblem {
  const near = nearestWord(key, known)
  const where = parent.length === 0 ? 'at the top level' : `in \`${dotted(parent)}\``
  return {
    code: 'CONFIG_UNKNOWN_KEY',
    path: dotted([...parent, key]),
    message: `unknown key \`${key}\` ${where}.${near === undefined ? '' : ` Did you mean \`${near}\`?`}`,
    ...(near === undefined ? { suggestion: `Known keys ${where}: ${known.join(', ')}.` } : {}),
    ...source.locate([...parent, key], 'key'),
  }
}

/** What the value must be, as the second half of a sentence. */
function rule(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${EXPECTED[issue.expected] ?? issue.expected}`
    case 'invalid_value':
      return `must be ${alternatives(issue.values)}`
    case 'too_small':
      if (issue.origin === 'array' && issue.minimum === 1) return 'must not be empty'
      return `must be at least ${String(issue.minimum)}${unit(issue.origin)}`
    case 'too_big':
      return `must be at most ${String(issue.maximum)}${unit(issue.origin)}`
    case 'invalid_format':
      return FORMATS[issue.format] ?? issue.message
    case 'invalid_union':
      return unionRule(issue.errors)
    case 'custom':
    case 'invalid_element':
    case 'invalid_key':
    case 'not_multiple_of':
    case 'unrecognized_keys':
      return issue.message
  }
}

/**
 * Of a choice between mappings, the one that was meant: with the fewest mistakes. Undefined where the value is no mapping, or
 * where it could be any of them.
 */
function meantBranch({ errors, input }: z.core.$ZodIssueInvalidUnion): Issue[] | undefined {
  const mappings = flattened(errors)
    .filter((issues) => !issues.some(({ code, path }) => code === 'invalid_type' && path.length === 0))
    .filter((issues) => issues.some(({ code, path }) => code === 'unrecognized_keys' || path.length > 0))
    .map((issues) => ({ issues, mistakes: issues.reduce((sum, issue) => sum + mistakesOf(issue), 0) }))
    .sort((a, b) => a.mistakes - b.mistakes)
  const [first, second] = mappings
  if (first === undefined) return undefined
  if (second === undefined || first.mistakes < second.mistakes) return first.issues
  // Nothing says which; what none of them knows is wrong in any case.
  const unknown = first.issues.filter(({ code }) => code === 'unrecognized_keys')
  if (unknown.length > 0) return unknown
  const keys = mappings.flatMap(({ issues }) => issues.slice(0, 1).map(({ path }) => String(path[0])))
  return [{ code: 'custom', path: [], input, message: `needs ${alternatives(keys)}` }]
}

function mistakesOf(issue: Issue): number {
  return issue.code === 'unrecognized_keys' ? issue.keys.length : 1
}

/** A choice between choices is one choice. */
function flattened(branches: Issue[][]): Issue[][] {
  return branches.flatMap((issues) => {
    const [only, ...others] = issues
    return only?.code === 'invalid_union' && only.path.length === 0 && others.length === 0
      ? flattened(only.errors)
      : [issues]
  })
}

/** Of a choice, the branch whose type fits says more than the list of all types. */
function unionRule(branches: Issue[][]): string {
  const issues = flattened(branches).flatMap((branch) => branch.slice(0, 1))
  const closest = issues.find(({ code }) => code !== 'invalid_type' && code !== 'invalid_value')
  const values = issues.flatMap((issue) => (issue.code === 'invalid_value' ? issue.values : []))
  if (values.length === issues.length) return `must be ${alternatives(values)}`
  if (closest === undefined) {
    const rules = [...new Set(issues.map(rule))]
    return rules.map((text, index) => (index === 0 ? text : text.replace(/^must be /, ''))).join(' or ')
  }
  return values.length === 0 ? rule(closest) : `must be ${alternatives(values)}, or it ${rule(closest)}`
}

function alternatives(values: readonly unknown[]): string {
  const texts = values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value)))
  if (texts.length < 2) return texts.join('')
  return `${texts.slice(0, -1).join(', ')} or ${texts.at(-1)}`
}

function found(issue: Issue): string {
  const value = shown(issue.input)
  const wantsText = issue.code === 'invalid_type' && issue.expected === 'string'
  return wantsText && typeof issue.input !== 'object' ? `${value} (put it in quotes)` : value
}

function unit(origin: string): string {
  return origin === 'string' ? ' characters long' : ''
}

const EXPECTED: Record<string, string> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
}

const FORMATS: Record<string, string> = {
  email: 'must be an e-mail address',
}
