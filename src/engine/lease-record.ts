import { randomUUID } from 'node:crypto'

/** Who holds a lease, as others are told. */
export interface LeaseHolder {
  user: string
  host: string
  pid: number
  command: string
  /** The machine since its last start, and which process has the pid there, for whoever wants to know whether it lives. */
  machine?: string
  processStartedAt?: string
}

/** The body of a lease. Times are ISO dates by the clock of the holder. */
export interface LeaseRecord {
  /** One acquisition; nobody else writes it. */
  id: string
  holder: LeaseHolder
  acquiredAt: string
  renewedAt: string
  /** How long it lasts after `renewedAt`. */
  ttlMs: number
  renewals: number
  /** New with every write, so that no two bodies, and so no two etags, are ever the same. */
  nonce: string
}

export function newRecord(holder: LeaseHolder, now: number, ttlMs: number): LeaseRecord {
  return {
    id: randomUUID(),
    holder,
    acquiredAt: new Date(now).toISOString(),
    renewedAt: new Date(now).toISOString(),
    ttlMs,
    renewals: 0,
    nonce: randomUUID(),
  }
}

export function renewedRecord(record: LeaseRecord, now: number): LeaseRecord {
  return {
    ...record,
    renewedAt: new Date(now).toISOString(),
    renewals: record.renewals + 1,
    nonce: randomUUID(),
  }
}

export function formatRecord(record: LeaseRecord): string {
  return `${JSON.stringify(record, null, 2)}\n`
}

/** @returns undefined when the text is not a lease */
export function parseRecord(body: string): LeaseRecord | undefined {
  let value: unknown
  try {
    value = JSON.parse(body)
  } catch {
    return undefined
  }
  return isRecord(value) ? value : undefined
}

function isRecord(value: unknown): value is LeaseRecord {
  return (
    isObject(value) &&
    typeof value.id === 'string' &&
    isDate(value.acquiredAt) &&
    isDate(value.renewedAt) &&
    typeof value.ttlMs === 'number' &&
    value.ttlMs > 0 &&
    typeof value.renewals === 'number' &&
    isObject(value.holder) &&
    typeof value.holder.user === 'string' &&
    typeof value.holder.host === 'string' &&
    typeof value.holder.pid === 'number' &&
    typeof value.holder.command === 'string'
  )
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function isDate(value: unknown): boolean {
  return typeof value === 'string' && !Number.isNaN(Date.parse(value))
}
