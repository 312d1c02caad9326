import { createHash, randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { isObject, type Json } from './json.js'

type Intrinsic = (...args: Json[]) => Json

const HASHES: Record<string, string> = {
  MD5: 'md5',
  'SHA-1': 'sha1',
  'SHA-256': 'sha256',
  'SHA-384': 'sha384',
  'SHA-512': 'sha512',
}

/**
 * The intrinsic functions of Step Functions with JSONPath, except States.Format (format.ts), which needs its template as
 * written. They throw Error with the reason; the caller makes a States.IntrinsicFailure of it.
 */
export const INTRINSICS: Record<string, Intrinsic> = {
  'States.StringToJson': (text) => JSON.parse(string(text)) as Json,
  'States.JsonToString': (value) => JSON.stringify(value),
  'States.Array': (...values) => values,
  'States.ArrayPartition': (list, size) => {
    const step = integer(size)
    if (step < 1) throw new Error('the chunk size must be at least 1')
    const items = array(list)
    return Array.from({ length: Math.ceil(items.length / step) }, (_, i) =>
      items.slice(i * step, (i + 1) * step),
    )
  },
  'States.ArrayContains': (list, value) => array(list).some((item) => isDeepStrictEqual(item, value)),
  'States.ArrayRange': (first, last, increment) => {
    const [from, to, step] = [integer(first), integer(last), integer(increment)]
    if (step === 0) throw new Error('the increment must not be 0')
    const length = Math.max(0, Math.floor((to - from) / step) + 1)
    if (length > 1000) throw new Error('the range has more than 1000 items')
    return Array.from({ length }, (_, i) => from + i * step)
  },
  'States.ArrayGetItem': (list, index) => {
    const item = array(list)[integer(index)]
    if (item === undefined) throw new Error('the index is out of range')
    return item
  },
  'States.ArrayLength': (list) => array(list).length,
  'States.ArrayUnique': (list) =>
    array(list).filter(
      (item, index, items) => items.findIndex((other) => isDeepStrictEqual(item, other)) === index,
    ),
  'States.Base64Encode': (text) => Buffer.from(limited(text)).toString('base64'),
  'States.Base64Decode': (text) => Buffer.from(limited(text), 'base64').toString('utf8'),
  'States.Hash': (data, algorithm) => {
    const name = HASHES[string(algorithm)]
    if (name === undefined) throw new Error(`unknown algorithm; use ${Object.keys(HASHES).join(', ')}`)
    return createHash(name)
      .update(typeof data === 'string' ? data : JSON.stringify(data))
      .digest('hex')
  },
  'States.JsonMerge': (first, second, deep) => {
    if (!isObject(first) || !isObject(second)) throw new Error('two objects are needed')
    if (deep !== false) throw new Error('only the shallow merge (false) exists')
    return { ...first, ...second }
  },
  'States.MathRandom': (start, end) => {
    const [from, to] = [integer(start), integer(end)]
    if (to <= from) throw new Error('the end must be greater than the start')
    return from + Math.floor(Math.random() * (to - from))
  },
  'States.MathAdd': (a, b) => integer(a) + integer(b),
  'States.StringSplit': (text, delimiters) => {
    const stops = new Set(string(delimiters))
    const parts: string[] = ['']
    for (const character of string(text)) {
      if (stops.has(character)) parts.push('')
      else parts.push((parts.pop() ?? '') + character)
    }
    return parts.filter((part) => part !== '')
  },
  'States.UUID': () => randomUUID(),
}

/** How many arguments each function takes; States.Array takes any number. */
export const ARITY: Record<string, readonly number[]> = {
  'States.StringToJson': [1],
  'States.JsonToString': [1],
  'States.ArrayPartition': [2],
  'States.ArrayContains': [2],
  'States.ArrayRange': [3],
  'States.ArrayGetItem': [2],
  'States.ArrayLength': [1],
  'States.ArrayUnique': [1],
  'States.Base64Encode': [1],
  'States.Base64Decode': [1],
  'States.Hash': [2],
  'States.JsonMerge': [3],
  'States.MathRandom': [2, 3],
  'States.MathAdd': [2],
  'States.StringSplit': [2],
  'States.UUID': [0],
}

function string(value: Json | undefined): string {
  if (typeof value !== 'string') throw new Error('a string is needed')
  return value
}

/** Base64 functions take at most 10,000 characters. */
function limited(value: Json | undefined): string {
  const text = string(value)
  if (text.length > 10_000) throw new Error('the text has more than 10000 characters')
  return text
}

/** Numbers that are not whole are rounded down (https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html). */
function integer(value: Json | undefined): number {
  if (typeof value !== 'number') throw new Error('a number is needed')
  return Math.floor(value)
}

function array(value: Json | undefined): Json[] {
  if (!Array.isArray(value)) throw new Error('an array is needed')
  return value
}
