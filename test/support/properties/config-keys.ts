import { jsonSchema, type JsonSchema } from '../../../src/config/json-schema.js'

/** Where a key is named by the user: any name of an environment, a dataset, a query. */
const ANY = '*'

/**
 * Every key of datapipe.yaml that holds a value, dotted. What an environment can set over the top level is listed once, at
 * the top level.
 */
export function configKeys(): string[] {
  const keys = leavesOf(jsonSchema(), [])
  const shared = new Set(keys)
  return keys.filter((key) => {
    const own = /^environments\.\*\.(.+)$/.exec(key)?.[1]
    return own === undefined || !shared.has(own)
  })
}

function leavesOf(node: JsonSchema, path: string[]): string[] {
  const branch = node.anyOf?.find(({ type }) => type === 'object') ?? node
  const named = Object.entries(branch.properties ?? {}).flatMap(([key, value]) =>
    leavesOf(value, [...path, key]),
  )
  const { additionalProperties: any } = branch
  const others = typeof any === 'object' ? leavesOf(any, [...path, ANY]) : []
  return named.length + others.length === 0 ? [path.join('.')] : [...named, ...others]
}
