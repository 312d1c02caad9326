import { JSONPath } from 'jsonpath-plus'
import { runtimeError, StatesError } from './errors.js'
import { isObject, own, type Json, type JsonObject } from './json.js'

/** What paths are evaluated against: `$` is the data, `$$` the context object. */
export interface Scope {
  data: Json
  context: JsonObject
}

/** The steps of a path that names one place, such as `$.detail.object['version-id']` or `$.list[0]`. */
export type Reference = (string | number)[]

const STEP = /\.([^.[\]()'"*?@,:\s]+)|\[(-?\d+)\]|\['((?:[^'\\]|\\.)*)'\]|\["((?:[^"\\]|\\.)*)"\]/y

/** The steps of a reference path without its `$`, or undefined when the path can name several places. */
export function parseReference(path: string): Reference | undefined {
  const steps: Reference = []
  let position = 1
  while (position < path.length) {
    STEP.lastIndex = position
    const match = STEP.exec(path)
    if (match === null) return undefined
    const [text, name, index, single, double] = match
    steps.push(index === undefined ? (name ?? unescape(single ?? double ?? '')) : Number(index))
    position += text.length
  }
  return steps
}

/**
 * The value at a path. A path that can name several places (wildcards, slices, filters, `..`) gives a list; one that names
 * a single place gives its value, or undefined where there is none.
 */
export function lookUp(path: string, scope: Scope): Json | undefined {
  const inContext = path.startsWith('$$')
  const root = inContext ? scope.context : scope.data
  const plain = inContext ? path.slice(1) : path
  if (!plain.startsWith('$')) throw runtimeError(`'${path}' is not a path: it must start with $.`)
  const reference = parseReference(plain)
  if (reference !== undefined) return follow(root, reference)
  try {
    return JSONPath<Json[]>({ path: plain, json: root, wrap: true, eval: 'safe' })
  } catch (error) {
    throw runtimeError(`The path '${path}' cannot be evaluated: ${String(error)}`)
  }
}

function follow(root: Json, reference: Reference): Json | undefined {
  let value: Json | undefined = root
  for (const step of reference) {
    if (typeof step === 'number') value = Array.isArray(value) ? value.at(step) : undefined
    else value = isObject(value) ? own(value, step) : undefined
    if (value === undefined) return undefined
  }
  return value
}

/** The value for a field such as InputPath. @throws StatesError States.Runtime when there is none */
export function resolve(path: string, scope: Scope, field: string): Json {
  const value = lookUp(path, scope)
  if (value === undefined) {
    throw runtimeError(
      `The JSONPath '${path}' specified for the field '${field}' could not be found in the input '${JSON.stringify(scope.data)}'`,
    )
  }
  return value
}

/**
 * A copy of a document with a value put at a reference path; what is missing on the way is made.
 * @throws StatesError States.ResultPathMatchFailure where something that is no object is in the way
 */
export function place(document: Json, path: string, value: Json): Json {
  const reference = parseReference(path)
  if (!path.startsWith('$') || path.startsWith('$$') || reference === undefined) {
    throw runtimeError(`ResultPath '${path}' is not a reference path.`)
  }
  return put(document, reference, value, path)
}

function put(document: Json | undefined, [step, ...rest]: Reference, value: Json, path: string): Json {
  if (step === undefined) return value
  if (typeof step === 'number') {
    if (!Array.isArray(document) || step < 0 || step >= document.length) throw mismatch(path, document)
    return document.with(step, put(document[step], rest, value, path))
  }
  const object = document ?? {}
  if (!isObject(object)) throw mismatch(path, document)
  // A computed key of an object literal is always an own property, `__proto__` too.
  return { ...object, [step]: put(own(object, step), rest, value, path) }
}

function mismatch(path: string, document: Json | undefined): StatesError {
  return new StatesError(
    'States.ResultPathMatchFailure',
    `Unable to apply ResultPath '${path}' to '${JSON.stringify(document)}'.`,
  )
}

function unescape(text: string): string {
  return text.replace(/\\(.)/g, '$1')
}
