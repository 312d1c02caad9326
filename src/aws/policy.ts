import { canonical } from '../engine/change.js'

export interface Statement {
  Sid?: string
  Effect: 'Allow' | 'Deny'
  Principal?: '*' | Record<string, string | string[]>
  Action: string | string[]
  Resource?: string | string[]
  NotResource?: string | string[]
  Condition?: Record<string, Record<string, string | string[]>>
}

/** An IAM or resource policy. */
export interface PolicyDocument {
  Version: '2012-10-17'
  Id?: string
  Statement: Statement[]
}

export function policy(...statements: Statement[]): PolicyDocument {
  return { Version: '2012-10-17', Statement: statements }
}

/** A trust policy for one service, with its confused-deputy condition. */
export function trust(service: string, condition: Statement['Condition']): PolicyDocument {
  return policy({
    Effect: 'Allow',
    Principal: { Service: service },
    Action: 'sts:AssumeRole',
    ...(condition === undefined ? {} : { Condition: condition }),
  })
}

/**
 * A policy as a value that compares: parsed, lists of one unwrapped, lists sorted. Takes text as services return it,
 * URL-encoded by IAM or not (spec §1.6).
 */
export function normalizePolicy(document: PolicyDocument | string | undefined): unknown {
  if (document === undefined || document === '') return null
  if (typeof document !== 'string') return normalize(document)
  const text = document.trimStart().startsWith('{') ? document : decodeURIComponent(document)
  return normalize(JSON.parse(text))
}

function normalize(value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.map(normalize)
    if (items.length === 1) return items[0]
    return items.sort((a, b) => (canonical(a) < canonical(b) ? -1 : 1))
  }
  if (typeof value === 'object' && value !== null) {
    // Anybody: some services answer the long form of what they were given in the short one.
    if (canonical(value) === '{"AWS":"*"}') return '*'
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, normalize(inner)]))
  }
  // Conditions: `true` and `"true"` are the same to IAM.
  return typeof value === 'boolean' ? String(value) : value
}
