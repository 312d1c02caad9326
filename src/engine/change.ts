/** Stands for a value that exists only once a resource it comes from has been created. */
export const UNKNOWN = '(known after up)'

/** One property that is not as desired. `path` is dotted, for example `encryption.keyArn`. */
export interface Change {
  path: string
  from: unknown
  to: unknown
  /** AWS cannot change it in place: the resource is deleted and created again. */
  replaces: boolean
}

export interface DiffOptions {
  /** Paths (or their parents) that AWS cannot change in place. */
  replaces?: string[]
}

/**
 * The property-level difference of two property trees. Only what `desired` names is compared, so what AWS adds by itself
 * is no drift; `undefined` in `desired` means "not ours to say", `null` means "must be absent". Objects are compared key
 * by key, arrays as a whole and in order: sort both sides where order means nothing.
 */
export function diffProperties(
  observed: Record<string, unknown>,
  desired: Record<string, unknown>,
  options: DiffOptions = {},
): Change[] {
  const changes: Change[] = []
  collect('', observed, desired, changes)
  const replaces = options.replaces ?? []
  return changes.map((change) => ({
    ...change,
    replaces: replaces.some((path) => change.path === path || change.path.startsWith(`${path}.`)),
  }))
}

function collect(
  prefix: string,
  observed: Record<string, unknown>,
  desired: Record<string, unknown>,
  into: Change[],
): void {
  for (const [key, to] of Object.entries(desired)) {
    if (to === undefined) continue
    const path = prefix === '' ? key : `${prefix}.${key}`
    const from = observed[key] ?? null
    if (isPlainObject(to) && isPlainObject(from)) collect(path, from, to, into)
    else if (canonical(from) !== canonical(to)) into.push({ path, from, to, replaces: false })
  }
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** JSON with sorted keys: equal text means equal value, whatever order a service answers in. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    isPlainObject(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : inner,
  )
}
