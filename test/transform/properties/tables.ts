import fc from 'fast-check'

/** A table as somebody could upload it: its configuration, and the file, with whatever was done to it. */
export interface GeneratedTable {
  format: {
    delimiter: string
    decimal: '.' | ','
    thousands?: '.' | ',' | ' ' | "'"
    timezone: string
  }
  columns: GeneratedColumn[]
  /** Types are in the configuration. */
  isDeclared: boolean
  /** Positions of the columns in the file. */
  order: number[]
  /** The texts of the fields, by column, with their spelling in the file. */
  rows: { fields: GeneratedField[]; damage: Damage; newline: string }[]
  hasMark: boolean
  endsWithNewline: boolean
}

export interface GeneratedColumn {
  name: string
  type: string
  nullable: boolean
}

interface GeneratedField {
  text: string
  isQuoted: boolean
}

const DAMAGES = [
  'none',
  'field missing',
  'field added',
  'delimiters added',
  'quote opened',
  'quote in the middle',
  'text after a quote',
  'NUL',
  'bytes that are no UTF-8',
  'blank line before',
] as const
type Damage = (typeof DAMAGES)[number]

const digits = (least: number, most: number) =>
  fc.stringMatching(new RegExp(`^[0-9]{${least},${most}}$`)).map((text) => text.slice(0, most))
const sign = fc.constantFrom('', '', '', '-', '+')
const joined = (...parts: fc.Arbitrary<string>[]) => fc.tuple(...parts).map((texts) => texts.join(''))

const whole = fc.oneof(
  fc.integer().map(String),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
  joined(sign, digits(1, 4)),
  fc.constantFrom(
    '0',
    '007',
    '-0',
    '2147483647',
    '2147483648',
    '-9223372036854775808',
    '9223372036854775808',
  ),
)
const double = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  joined(sign, digits(1, 3), fc.constant('.'), digits(0, 4)),
  joined(sign, digits(1, 2), fc.constantFrom('e', 'E'), sign, digits(1, 3)),
  fc.constantFrom('.5', '5.', '1e400', '1e-400', '0e0', '-0.0', '1000000000000000', '9007199254740993'),
)
const decimal = joined(sign, digits(0, 6), fc.constantFrom('', '.'), digits(0, 4))
const date = fc.oneof(
  fc
    .date({ min: new Date('1971-01-01'), max: new Date('2037-12-31'), noInvalidDate: true })
    .map((day) => day.toISOString().slice(0, 10)),
  fc.constantFrom(
    '2023-02-30',
    '2023-02-29',
    '2024-02-29',
    '2023/6/5',
    '26.06.2023',
    '06/26/2023',
    '2023-13-01',
  ),
  // Hours that come twice or never.
  fc.constantFrom('2023-03-26', '2023-10-29', '2023-03-12', '2023-11-05', '2023-10-01', '2023-04-02'),
)
const clock = fc.oneof(
  fc.constantFrom(
    '01:30:00',
    '02:00:00',
    '02:30:00',
    '02:15:00.5',
    '03:00:00',
    '1:45',
    '00:00',
    '23:59:59.999999',
  ),
  fc
    .tuple(fc.nat({ max: 24 }), fc.nat({ max: 61 }), fc.nat({ max: 61 }), digits(1, 8))
    .map(([hour, minute, second, fraction]) => {
      const [h, m, s] = [hour, minute, second].map((part) => String(part).padStart(2, '0'))
      return `${h}:${m}:${s}.${fraction}`
    }),
)
const offset = fc.constantFrom(
  '',
  '',
  '',
  'Z',
  '+02:00',
  '+01:00',
  '-0400',
  '-05',
  ' +02:00',
  '+10:30',
  'z',
  ' UTC',
)
const time = joined(date, fc.constantFrom(' ', 'T'), clock, offset)
const text = fc.oneof(
  fc.string({ maxLength: 8 }),
  fc.string({ maxLength: 6, unit: 'grapheme' }),
  fc.constantFrom(
    'a,b',
    'two\nlines',
    'two\r\nlines',
    'CR\rinside',
    '5" pipe',
    '""',
    'å;ö',
    '\ttab\t',
    ' ',
    "'",
  ),
)

/** Texts of each type, right ones and such that look like them. */
const TEXTS: Record<string, fc.Arbitrary<string>> = {
  integer: whole,
  bigint: whole,
  double,
  'decimal(9,2)': decimal,
  'decimal(15,4)': decimal,
  'decimal(5,0)': decimal,
  boolean: fc.constantFrom('true', 'false', 'TRUE', 'False', 'yes', '1', 't'),
  date,
  timestamp: fc.oneof(date, time),
  timestamptz: fc.oneof(date, time),
  string: text,
}
const EMPTY = fc.constantFrom('', '', '""', ' ')
const STRANGE = fc.constantFrom('NaN', 'inf', '0x10', '1_000', '1 2', 'x', '--5', 'NULL', '٣', 'epoch')

const MARKS = [
  { decimal: '.' },
  { decimal: '.' },
  { decimal: ',' },
  { decimal: ',', thousands: '.' },
  { decimal: '.', thousands: ',' },
  { decimal: '.', thousands: ' ' },
] as const

type Format = GeneratedTable['format']

const format: fc.Arbitrary<Format> = fc
  .record({
    delimiter: fc.constantFrom(',', ';', '\t'),
    marks: fc.constantFrom(...MARKS),
    timezone: fc.constantFrom('UTC', 'Europe/Stockholm', 'America/New_York', 'Australia/Lord_Howe'),
  })
  .map(({ marks, ...rest }) => ({ ...rest, ...marks }))

/** Writes a number with the marks of a format, now and then in wrong places. */
function withMarks(number: string, { decimal: mark, thousands }: Format, isGrouped: boolean): string {
  const [whole = '', ...fraction] = number.split('.')
  const grouped = isGrouped && thousands !== undefined ? whole.replace(/\B(?=(\d{3})+$)/g, thousands) : whole
  return [grouped, ...fraction].join(mark)
}

const isNumber = (type: string) => /^(integer|bigint|double|decimal.*)$/.test(type)

function fieldOf({ type }: GeneratedColumn, format: Format, isOdd: boolean): fc.Arbitrary<GeneratedField> {
  const own = TEXTS[type] ?? text
  const marked = isNumber(type)
    ? fc.tuple(own, fc.boolean()).map(([number, isGrouped]) => withMarks(number, format, isGrouped))
    : own
  const any = fc.oneof(
    { weight: 12, arbitrary: marked },
    { weight: 2, arbitrary: EMPTY },
    { weight: isOdd ? 1 : 0, arbitrary: STRANGE },
    { weight: isOdd ? 1 : 0, arbitrary: marked.map((one) => ` ${one}\t`) },
  )
  return fc.record({ text: any.map((one) => (one === '""' ? '' : one)), isQuoted: fc.boolean() })
}

const column = fc.record({
  type: fc.constantFrom(...Object.keys(TEXTS)),
  nullable: fc.boolean(),
})

/**
 * Tables of one to four columns next to a number, and up to 12 rows, of which about one in three is damaged. Half of them
 * have declared types.
 */
export const tables: fc.Arbitrary<GeneratedTable> = fc
  .record({
    format,
    columns: fc.array(column, { minLength: 1, maxLength: 4 }),
    isDeclared: fc.boolean(),
    isOdd: fc.boolean(),
    isDamaged: fc.boolean(),
    newline: fc.constantFrom('\n', '\n', '\r\n', '\r', 'mixed'),
  })
  .chain(({ columns: some, format, isDamaged, isDeclared, isOdd, newline }) => {
    const columns = [{ type: 'bigint', nullable: false }, ...some].map((one, index) => ({
      ...one,
      name: `c${index}`,
    }))
    const damage = isDamaged
      ? fc.oneof(
          { weight: 2, arbitrary: fc.constant<Damage>('none') },
          { weight: 1, arbitrary: fc.constantFrom(...DAMAGES) },
        )
      : fc.constant<Damage>('none')
    const row = fc.record({
      fields: fc.tuple(...columns.map((one) => fieldOf(one, format, isOdd))),
      damage,
      newline: newline === 'mixed' ? fc.constantFrom('\n', '\r\n', '\r') : fc.constant(newline),
    })
    return fc.record({
      format: fc.constant(format),
      columns: fc.constant(columns),
      isDeclared: fc.constant(isDeclared),
      order: fc.shuffledSubarray(
        columns.map((_, index) => index),
        { minLength: columns.length },
      ),
      rows: fc.array(row, { minLength: 1, maxLength: 12 }),
      hasMark: fc.boolean(),
      endsWithNewline: fc.boolean(),
    })
  })

/** The file of a table. */
export function fileOf({ columns, endsWithNewline, format, hasMark, order, rows }: GeneratedTable): Buffer {
  const { delimiter } = format
  const header = order.map((at) => (columns[at]?.name ?? '').toUpperCase()).join(delimiter)
  const parts: Uint8Array[] = [Buffer.from(`${hasMark ? '\ufeff' : ''}${header}${rows[0]?.newline ?? '\n'}`)]
  for (const [index, { damage, fields, newline }] of rows.entries()) {
    const written = order.map((at) => spelled(fields[at], delimiter))
    const isLast = index === rows.length - 1
    parts.push(damaged(written, damage, delimiter), Buffer.from(isLast && !endsWithNewline ? '' : newline))
  }
  return Buffer.concat(parts)
}

function spelled(field: GeneratedField | undefined, delimiter: string): string {
  const { isQuoted, text } = field ?? { isQuoted: false, text: '' }
  const mustBe = text.startsWith('"') || [delimiter, '\n', '\r'].some((mark) => text.includes(mark))
  return isQuoted || mustBe ? `"${text.replaceAll('"', '""')}"` : text
}

function damaged(fields: string[], damage: Damage, delimiter: string): Buffer {
  const row = (some: string[]) => Buffer.from(some.join(delimiter))
  const last = fields.at(-1) ?? ''
  const others = fields.slice(0, -1)
  switch (damage) {
    case 'none':
      return row(fields)
    case 'field missing':
      return row(others)
    case 'field added':
      return row([...fields, 'surplus'])
    case 'delimiters added':
      return row([...fields, '', ''])
    case 'quote opened':
      return Buffer.concat([Buffer.from('"'), row(fields)])
    case 'quote in the middle':
      return row([...others, `x"${last}`])
    case 'text after a quote':
      return row([...others, `"${last.replaceAll('"', '')}"junk`])
    case 'NUL':
      return row([...others, `${last}\0`])
    case 'bytes that are no UTF-8':
      return Buffer.concat([row(others), Buffer.from(delimiter), Buffer.from([0x61, 0xe5, 0x20])])
    case 'blank line before':
      return Buffer.concat([Buffer.from('\n'), row(fields)])
  }
}
