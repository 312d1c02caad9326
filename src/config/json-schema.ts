import { z } from 'zod'
import { configSchema } from './schema.js'

/** The parts of JSON Schema that our schema uses. */
export interface JsonSchema {
  type?: string
  properties?: Record<string, JsonSchema>
  additionalProperties?: JsonSchema | boolean
  items?: JsonSchema
  anyOf?: JsonSchema[]
  [keyword: string]: unknown
}

/** The JSON Schema of datapipe.yaml, for editors (docs/datapipe.schema.json). */
export function jsonSchema(): JsonSchema {
  const schema = z.toJSONSchema(configSchema, { io: 'input' }) as JsonSchema
  const { $schema, ...rest } = schema
  return { $schema, title: 'datapipe.yaml', description: 'Configuration of datapipe.', ...rest }
}

/** The keys that may stand at a path of datapipe.yaml; none where a path leads nowhere or to names of the user's own. */
export function knownKeys(path: readonly PropertyKey[]): string[] {
  let node: JsonSchema | undefined = objectOf(jsonSchema())
  for (const key of path) node = node === undefined ? undefined : step(node, key)
  return Object.keys(node?.properties ?? {})
}

function step(node: JsonSchema, key: PropertyKey): JsonSchema | undefined {
  const { additionalProperties, items, properties } = node
  const named =
    typeof key === 'string' && Object.hasOwn(properties ?? {}, key) ? properties?.[key] : undefined
  const next = named ?? (typeof key === 'number' ? items : additionalProperties)
  return typeof next === 'object' ? objectOf(next) : undefined
}

/** Of a choice, the branch that has keys; of several, all of their keys. */
function objectOf(node: JsonSchema): JsonSchema {
  const branches = (node.anyOf ?? []).map(objectOf).filter(({ type }) => type === 'object')
  const [first, ...others] = branches
  if (first === undefined) return node
  if (others.length === 0) return first
  return {
    ...first,
    properties: Object.assign(
      {},
      ...branches.map(({ properties }) => properties),
    ) as JsonSchema['properties'],
  }
}
