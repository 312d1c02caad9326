import { canonical, type Change } from '../../engine/change.js'

type Json = Record<string, unknown>

/**
 * The difference of two dashboard bodies: one change per widget, `body.widgets.<title>`, and one per field beside the
 * widgets. A body that is no JSON differs as a whole.
 */
export function diffDashboard(observed: string, desired: string): Change[] {
  const from = parse(observed)
  const to = parse(desired) ?? {}
  if (from === undefined) return [{ path: 'body', from: observed, to, replaces: false }]
  const { widgets: had, ...beside } = from
  const { widgets: wanted, ...besideWanted } = to
  return [
    ...diffKeys('body', beside, besideWanted),
    ...diffKeys('body.widgets', byTitle(had), byTitle(wanted)),
  ]
}

function diffKeys(prefix: string, from: Json, to: Json): Change[] {
  return [...new Set([...Object.keys(from), ...Object.keys(to)])]
    .filter((key) => canonical(from[key] ?? null) !== canonical(to[key] ?? null))
    .map((key) => ({
      path: `${prefix}.${key}`,
      from: from[key] ?? null,
      to: to[key] ?? null,
      replaces: false,
    }))
}

/** A widget without a title, or with that of another, is known by its place. */
function byTitle(widgets: unknown): Json {
  const named: Json = {}
  const list: unknown[] = Array.isArray(widgets) ? widgets : []
  for (const [index, widget] of list.entries()) {
    const title = isObject(widget) && isObject(widget.properties) ? widget.properties.title : undefined
    const name = typeof title === 'string' && !(title in named) ? title : String(index)
    named[name] = widget
  }
  return named
}

function parse(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
