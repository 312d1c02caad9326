import { join } from 'node:path'
import { transformPath, type Transformed, type Workplace } from '../support/files.js'

/**
 * A value as every engine's reading of it is told: digits of whole numbers and decimals, the bits of doubles in hexadecimal,
 * dates as days and times as microseconds since 1970.
 */
export type Canonical = string | null
export type CanonicalRow = Record<string, Canonical>

interface TestColumn {
  type: string
  /** Text in the CSV file, and what an engine has to find. */
  values: readonly (readonly [text: string, value: Canonical])[]
}

export const bits = (value: number): string => {
  const buffer = Buffer.alloc(8)
  buffer.writeDoubleBE(value)
  return buffer.toString('hex')
}

const NONE = ['', null] as const
/** Days and microseconds were computed with a proleptic Gregorian calendar outside this program (Python's datetime). */
const FAR_DAYS = { '0001-01-01': '-719162', '1582-10-14': '-141428', '9999-12-31': '2932896' }

const COLUMNS: Record<string, TestColumn> = {
  id: {
    type: 'integer',
    values: [
      ['1', '1'],
      ['2', '2'],
      ['3', '3'],
      ['4', '4'],
      ['5', '5'],
      ['6', '6'],
    ],
  },
  text: {
    type: 'string',
    values: [
      ['""', ''],
      ['Umeå 漢字 😀 e\u0301', 'Umeå 漢字 😀 e\u0301'],
      ['"a ""quoted""\nline, and a comma"', 'a "quoted"\nline, and a comma'],
      ['NULL', 'NULL'],
      ['" \u00a0\ufeff"', ' \u00a0\ufeff'],
      NONE,
    ],
  },
  flag: {
    type: 'boolean',
    values: [['true', 'true'], ['false', 'false'], ['TRUE', 'true'], NONE, ['true', 'true'], NONE],
  },
  small: {
    type: 'integer',
    values: [
      ['-2147483648', '-2147483648'],
      ['2147483647', '2147483647'],
      ['0', '0'],
      ['-1', '-1'],
      NONE,
      NONE,
    ],
  },
  large: {
    type: 'bigint',
    values: [
      ['-9223372036854775808', '-9223372036854775808'],
      ['9223372036854775807', '9223372036854775807'],
      ['9007199254740993', '9007199254740993'],
      ['0', '0'],
      NONE,
      NONE,
    ],
  },
  number: {
    type: 'double',
    values: [
      ['-1.7976931348623157e308', 'ffefffffffffffff'],
      ['5e-324', '0000000000000001'],
      ['0.1', '3fb999999999999a'],
      ['-0.0', '8000000000000000'],
      ['1e23', '44b52d02c7e14af6'],
      NONE,
    ],
  },
  measured: {
    type: 'double',
    values: [
      ['NaN', '7ff8000000000000'],
      ['Infinity', '7ff0000000000000'],
      ['-Infinity', 'fff0000000000000'],
      ['1', '3ff0000000000000'],
      NONE,
      NONE,
    ],
  },
  price: {
    type: 'decimal(4,2)',
    values: [['-99.99', '-99.99'], ['99.99', '99.99'], ['0.01', '0.01'], ['7', '7.00'], NONE, NONE],
  },
  amount: {
    type: 'decimal(18,6)',
    values: [
      ['-999999999999.999999', '-999999999999.999999'],
      ['999999999999.999999', '999999999999.999999'],
      ['0.000001', '0.000001'],
      ['-1', '-1.000000'],
      NONE,
      NONE,
    ],
  },
  exact: {
    type: 'decimal(38,10)',
    values: [
      ['-9999999999999999999999999999.9999999999', '-9999999999999999999999999999.9999999999'],
      ['9999999999999999999999999999.9999999999', '9999999999999999999999999999.9999999999'],
      ['0.0000000001', '0.0000000001'],
      ['-1', '-1.0000000000'],
      NONE,
      NONE,
    ],
  },
  huge: {
    type: 'decimal(38,0)',
    values: [
      ['-99999999999999999999999999999999999999', '-99999999999999999999999999999999999999'],
      ['99999999999999999999999999999999999999', '99999999999999999999999999999999999999'],
      ['1', '1'],
      ['0', '0'],
      NONE,
      NONE,
    ],
  },
  day: {
    type: 'date',
    values: [
      ['0001-01-01', FAR_DAYS['0001-01-01']],
      ['9999-12-31', FAR_DAYS['9999-12-31']],
      ['1582-10-14', FAR_DAYS['1582-10-14']],
      ['1969-12-31', '-1'],
      ['1970-01-01', '0'],
      NONE,
    ],
  },
  wall: {
    type: 'timestamp',
    values: [
      ['1969-12-31 23:59:59.999999', '-1'],
      ['9999-12-31 23:59:59.999999', '253402300799999999'],
      ['0001-01-01 00:00:00.000001', '-62135596799999999'],
      ['1900-01-01 00:00:00.123456', '-2208988799876544'],
      // Skipped by the zone of the file: a wall clock shows what it shows.
      ['2023-03-26 02:30:00', '1679797800000000'],
      NONE,
    ],
  },
  instant: {
    type: 'timestamptz',
    values: [
      ['1970-01-01 00:59:59.999999', '-1'],
      ['9999-12-31T23:59:59.999999Z', '253402300799999999'],
      ['2023-06-26 21:05:00.474245', '1687806300474245'],
      ['2023-06-26T21:05:00.474245+05:30', '1687793700474245'],
      ['1883-11-18T12:03:58.000001Z', '-2717668561999999'],
      NONE,
    ],
  },
  nothing: { type: 'string', values: [NONE, NONE, NONE, NONE, NONE, NONE] },
  never: { type: 'timestamp', values: [NONE, NONE, NONE, NONE, NONE, NONE] },
  site: {
    type: 'string',
    values: [
      ['Umeå', 'Umeå'],
      ['a/b=c %', 'a/b=c %'],
      ['007', '007'],
      NONE,
      ['Umeå', 'Umeå'],
      ['007', '007'],
    ],
  },
}

export const NAMES = Object.keys(COLUMNS)
export const PARTITION = 'site'

export const EXPECTED: CanonicalRow[] = (COLUMNS.id?.values ?? []).map((_, index) =>
  Object.fromEntries(NAMES.map((name) => [name, COLUMNS[name]?.values[index]?.[1] ?? null])),
)

/** Column name to the type that the configuration gives it. */
export const TYPES = Object.fromEntries(Object.entries(COLUMNS).map(([name, { type }]) => [name, type]))

export interface Written {
  result: Transformed
  /** Folder of the table. */
  folder: string
  files: string[]
}

/** Transforms the table of all types. */
export async function writeTable(place: Workplace, config: object): Promise<Written> {
  const lines = EXPECTED.map((_, index) =>
    NAMES.map((name) => {
      const text = COLUMNS[name]?.values[index]?.[0] ?? ''
      return /[",\n ]/.test(text) && !text.startsWith('"') ? `"${text}"` : text
    }).join(','),
  )
  const file = await place.file('20230703_types.csv', `${NAMES.join(',')}\n${lines.join('\n')}\n`)
  const columns = Object.fromEntries(
    Object.entries(TYPES).map(([name, type]) => [name, name === 'measured' ? { type, nan: true } : type]),
  )
  const result = await transformPath(place, file, {
    format: { timezone: 'Europe/Stockholm' },
    columns,
    ...config,
  })
  const files = result.outputs.map(({ path }) => join(place.out, path))
  return { result, folder: join(place.out, 'data'), files }
}
