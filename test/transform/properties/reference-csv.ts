/** A record as the documented rules cut it out of a file, with nothing of the transform in it. */
export interface ReferenceRecord {
  /** From 1. */
  line: number
  byteOffset: number
  byteLength: number
  /** As reject files show it. */
  raw: string
  /** Of a malformed record; undefined: it has its fields. */
  reason?: string
  fields: ReferenceField[]
}

export interface ReferenceField {
  text: string
  isQuoted: boolean
}

interface Dialect {
  delimiter: string
  /** Fields of a record. */
  columns: number
}

const LINE_END = /\r\n|\n|\r/y
const REST_OF_LINE = /[^\r\n]*/y
const BROKEN = 'its quoting is broken: text follows a closing quote, or a quote is never closed'

/**
 * Reads a CSV file by two regular expressions. The bytes are taken as Latin-1, so that one character is one byte.
 * @param bytes without a byte order mark; the first record is the header
 * @param offset of `bytes` in the file
 */
export function referenceRecords(bytes: Buffer, dialect: Dialect, offset = 0): ReferenceRecord[] {
  const text = bytes.toString('latin1')
  const field = `(?:"(?:[^"]|"")*"|(?!")[^${dialect.delimiter}\\r\\n]*)`
  const whole = new RegExp(`${field}(?:${dialect.delimiter}${field})*(?=[\\r\\n]|$)`, 'y')
  const one = new RegExp(field, 'y')
  const records: ReferenceRecord[] = []
  let line = 1
  for (let at = 0; at < text.length;) {
    const match = matchAt(whole, text, at)
    let raw = match ?? matchAt(REST_OF_LINE, text, at) ?? ''
    const fields = match === undefined ? [] : fieldsOf(raw, one)
    const count = meantFields(fields, dialect.columns)
    let reason = match === undefined ? BROKEN : undefined
    if (reason === undefined && raw !== '' && count !== dialect.columns) {
      const firstLine = matchAt(REST_OF_LINE, text, at) ?? ''
      // What goes on over several lines is most likely a stray quote: only its first line is given up.
      reason = firstLine.length < raw.length ? `fields ${count}` : (problemOf(raw) ?? `fields ${count}`)
      raw = firstLine
    } else reason ??= problemOf(raw)
    if (raw !== '') {
      records.push({
        line,
        byteOffset: offset + at,
        byteLength: raw.length,
        raw: utf8(raw).replaceAll('\0', '\ufffd'),
        reason: reason?.replace(/^fields (\d+)$/, (_, n: string) => wrongFields(Number(n), dialect.columns)),
        fields: fields
          .slice(0, dialect.columns)
          .map(({ isQuoted, text }) => ({ isQuoted, text: utf8(text) })),
      })
    }
    at += raw.length
    line += raw.match(/\r\n|\n|\r/g)?.length ?? 0
    const end = matchAt(LINE_END, text, at) ?? ''
    at += end.length
    line += 1
  }
  return records
}

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0]
}

/** Fields of a record that is well-formed, one delimiter between two. */
function fieldsOf(record: string, one: RegExp): ReferenceField[] {
  const fields: ReferenceField[] = []
  for (let at = 0; at <= record.length;) {
    const raw = matchAt(one, record, at) ?? ''
    const isQuoted = raw.startsWith('"')
    fields.push({ isQuoted, text: isQuoted ? raw.slice(1, -1).replaceAll('""', '"') : raw })
    at += raw.length + 1
  }
  return fields
}

/** Empty fields after the last column are none. */
function meantFields(fields: readonly ReferenceField[], columns: number): number {
  const surplus = fields.slice(columns)
  return surplus.every(({ isQuoted, text }) => !isQuoted && text === '')
    ? Math.min(fields.length, columns)
    : fields.length
}

function problemOf(raw: string): string | undefined {
  if (raw.includes('\0')) return 'holds a NUL byte'
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(raw, 'latin1'))
    return undefined
  } catch {
    return 'is not valid UTF-8'
  }
}

function wrongFields(count: number, columns: number): string {
  return `has ${count} ${count === 1 ? 'field' : 'fields'} instead of ${columns}`
}

function utf8(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8')
}
