import { canonical, type Change } from '../../engine/change.js'

type Definition = Record<string, unknown>

/**
 * The difference of two Amazon States Language documents: one change per state, `definition.States.<name>`, and one per
 * field beside the states, so that a plan names what changed and not merely that the text did.
 */
export function diffDefinition(observed: string, desired: string): Change[] {
  const from = parse(observed)
  const to = parse(desired)
  return [
    ...diffFields('definition', without(from, 'States'), without(to, 'States')),
    ...diffFields('definition.States', statesOf(from), statesOf(to)),
  ]
}

function diffFields(prefix: string, from: Definition, to: Definition): Change[] {
  return [...new Set([...Object.keys(from), ...Object.keys(to)])]
    .filter((key) => canonical(from[key] ?? null) !== canonical(to[key] ?? null))
    .map((key) => ({
      path: `${prefix}.${key}`,
      from: from[key] ?? null,
      to: to[key] ?? null,
      replaces: false,
    }))
}

/** Without access to its key a machine is described without its definition. */
function parse(text: string): Definition {
  return text === '' ? {} : (JSON.parse(text) as Definition)
}

function statesOf(definition: Definition): Definition {
  return (definition.States ?? {}) as Definition
}

function without(definition: Definition, key: string): Definition {
  return Object.fromEntries(Object.entries(definition).filter(([name]) => name !== key))
}
