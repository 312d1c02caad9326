import { isObject, type Json } from './json.js'

/**
 * States.Format: each `{}` of the template becomes the next value. A backslash makes the character after it literal, so
 * `\{` and `\}` are braces.
 */
export function format(template: Json, values: readonly Json[]): string {
  if (typeof template !== 'string') throw new Error('the template must be a string')
  let used = 0
  let stray = false
  const text = template.replace(/\\(.)|\{\}|[{}]/gs, (match: string, escaped: string | undefined) => {
    if (escaped !== undefined) return escaped
    if (match !== '{}') {
      stray = true
      return match
    }
    const value = values[used++]
    return value === undefined ? '' : plainText(value)
  })
  if (stray) throw new Error('a brace that is not {} must be escaped with a backslash')
  if (used !== values.length) throw new Error(`the template has ${used} places for ${values.length} values`)
  return text
}

/** Step Functions writes lists and objects as Java does, not as JSON: `[1, {a=x}]`. */
function plainText(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(plainText).join(', ')}]`
  if (!isObject(value)) return String(value)
  return `{${Object.entries(value)
    .map(([key, item]) => `${key}=${plainText(item)}`)
    .join(', ')}}`
}
