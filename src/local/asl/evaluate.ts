import { runtimeError, StatesError } from './errors.js'
import { parseExpression, type Expression } from './expression.js'
import { format } from './format.js'
import { ARITY, INTRINSICS } from './intrinsics.js'
import { isObject, type Json } from './json.js'
import { lookUp, resolve, type Scope } from './path.js'

/**
 * The value of a path or of an intrinsic function.
 * @param field named in the error when the path leads nowhere
 * @throws StatesError States.Runtime for a missing path or a bad expression, States.IntrinsicFailure for bad arguments
 */
export function evaluate(source: string, scope: Scope, field: string): Json {
  return source.startsWith('States.')
    ? compute(parseExpression(source), scope, source)
    : resolve(source, scope, field)
}

/** Fills in a payload template: every key that ends in `.$` has a path or an intrinsic function as its value. */
export function fillIn(template: Json, scope: Scope): Json {
  if (Array.isArray(template)) return template.map((item) => fillIn(item, scope))
  if (!isObject(template)) return template
  return Object.fromEntries(
    Object.entries(template).map(([key, value]) => {
      if (!key.endsWith('.$')) return [key, fillIn(value, scope)]
      if (typeof value !== 'string') throw runtimeError(`The value for the field '${key}' must be a string.`)
      return [key.slice(0, -2), evaluate(value, scope, key)]
    }),
  )
}

function compute(expression: Expression, scope: Scope, source: string): Json {
  switch (expression.kind) {
    case 'literal':
      return expression.value
    case 'string':
      return expression.text.replace(/\\(.)/gs, '$1')
    case 'path': {
      const value = lookUp(expression.path, scope)
      if (value !== undefined) return value
      throw runtimeError(
        `The function '${source}' had the following error: The JsonPath argument for the field '${expression.path}' could not be found in the input '${JSON.stringify(scope.data)}'`,
      )
    }
    case 'call':
      return call(expression, scope, source)
  }
}

function call(expression: Expression & { kind: 'call' }, scope: Scope, source: string): Json {
  const { args, name } = expression
  if (name === 'States.Format') {
    const [template, ...values] = args
    if (template === undefined) throw intrinsicFailure(source, 'a template is needed')
    const text = template.kind === 'string' ? template.text : compute(template, scope, source)
    const filled = values.map((value) => compute(value, scope, source))
    return attempt(source, () => format(text, filled))
  }
  const intrinsic = INTRINSICS[name]
  if (intrinsic === undefined) throw runtimeError(`The function '${source}' is not valid: unknown ${name}.`)
  if (!(ARITY[name]?.includes(args.length) ?? true)) {
    throw runtimeError(
      `The function '${source}' is not valid: ${name} takes ${ARITY[name]?.join(' or ') ?? ''} arguments.`,
    )
  }
  const values = args.map((arg) => compute(arg, scope, source))
  return attempt(source, () => intrinsic(...values))
}

function attempt(source: string, action: () => Json): Json {
  try {
    return action()
  } catch (error) {
    throw intrinsicFailure(source, error instanceof Error ? error.message : String(error))
  }
}

function intrinsicFailure(source: string, reason: string): StatesError {
  return new StatesError(
    'States.IntrinsicFailure',
    `The function '${source}' had the following error: ${reason}.`,
  )
}
