import type { Change } from '../../../src/engine/change.js'
import type { Observed, Resource } from '../../../src/engine/resource.js'
import { UsageError } from '../../../src/errors.js'

type Tree = Record<string, unknown>

/** What a difference names when exactly one thing that was read is otherwise. */
export interface Named {
  /** Of the resource. */
  type: string
  id: string
  /** What was altered, in the words of the read. */
  leaf: string
  paths: string[]
  replaces: boolean
}

/**
 * Every property path that the difference of a resource can name: each single thing of what was read is altered, then taken
 * away, and the difference asked. It needs no list of properties, so a new one cannot be forgotten.
 */
export function nameable(resource: Resource, seen: Observed<object>): Named[] {
  const known = ['attributes', 'owned', 'physicalId']
  const read: Tree = Object.fromEntries(Object.entries(seen).filter(([key]) => !known.includes(key)))
  const found: Named[] = []
  for (const leaf of leavesOf(read)) {
    const value = valueAt(read, leaf)
    for (const other of [altered(value), missing(value)]) {
      const changes = diffOf(resource, { ...seen, ...withLeaf(read, leaf, other) })
      if (changes.length === 0) continue
      found.push({
        type: resource.type,
        id: resource.id,
        leaf: leaf.join(' > '),
        paths: changes.map(({ path }) => path),
        replaces: changes.some(({ replaces }) => replaces),
      })
    }
  }
  return found
}

/** What AWS cannot do at all is refused, and is no difference. */
function diffOf(resource: Resource, seen: Observed<object>): Change[] {
  try {
    return resource.diff(seen)
  } catch (error) {
    if (error instanceof UsageError) return []
    throw error
  }
}

/** A path without the names that differ from one environment to the next. */
export function templateOf(path: string): string {
  return path
    .replace(/^(tags|lifecycle|routes|targets|notifications|body\.widgets|definition\.States)\.(?=.)/, '$1*')
    .replace(/^(tags|routes|notifications|body\.widgets|definition\.States)\*.*$/, '$1.*')
    .replace(/^(lifecycle|targets)\*[^.]*/, '$1.*')
    .replace(/^(ingress|egress)\.(\d+$|.*?(?=\.description$|\.tagged$|$))/, '$1.*')
    .replace(/^definition\.(?!States\.).*$/, 'definition.*')
    .replace(/^body\.(?!widgets\.).*$/, 'body.*')
    .replace(/^(arguments|container\.environment|container\.log\.options)\..*$/, '$1.*')
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}

function leavesOf(tree: Tree, at: string[] = []): string[][] {
  return Object.entries(tree).flatMap(([key, value]) =>
    isTree(value) ? leavesOf(value, [...at, key]) : [[...at, key]],
  )
}

function valueAt(tree: Tree, [key = '', ...rest]: string[]): unknown {
  const value = tree[key]
  return rest.length === 0 ? value : valueAt(value as Tree, rest)
}

function withLeaf(tree: Tree, [key = '', ...rest]: string[], value: unknown): Tree {
  return { ...tree, [key]: rest.length === 0 ? value : withLeaf(tree[key] as Tree, rest, value) }
}

/** A list is never missing, but empty; nor is a document. */
function missing(value: unknown): unknown {
  if (Array.isArray(value)) return []
  return isDocument(value) ? '' : undefined
}

function isDocument(value: unknown): boolean {
  return typeof value === 'string' && value.startsWith('{')
}

function altered(value: unknown): unknown {
  if (typeof value === 'string') return isDocument(value) ? '{}' : `${value}~`
  if (typeof value === 'number') return value + 1
  if (typeof value === 'boolean') return !value
  if (Array.isArray(value)) return value.length > 0 ? value.slice(1) : ['extra']
  return 'extra'
}
