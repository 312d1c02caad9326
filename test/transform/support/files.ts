import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import { datasetSchema } from '../../../src/config/dataset.js'
import { DatapipeError } from '../../../src/errors.js'
import { transformFile } from '../../../src/transform/transform.js'
import type { Column, TransformOptions, TransformResult } from '../../../src/transform/types.js'

/** A folder that is gone when the test is over. */
export class Workplace {
  private constructor(readonly path: string) {}

  static async make(): Promise<Workplace> {
    return new Workplace(await mkdtemp(join(tmpdir(), 'datapipe-test-')))
  }

  get out(): string {
    return join(this.path, 'out')
  }

  get scratch(): string {
    return join(this.path, 'scratch')
  }

  async file(name: string, content: string | Uint8Array): Promise<string> {
    const path = join(this.path, name)
    await writeFile(path, content)
    return path
  }

  /** Every file below `out`, sorted, with forward slashes. */
  async published(): Promise<string[]> {
    const entries = await readdir(this.out, { recursive: true, withFileTypes: true }).catch(() => [])
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(this.out.length + 1))
      .sort()
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true })
  }
}

export type Row = Record<string, unknown>

/** Rows of a Parquet file as hyparquet reads them: times as microseconds since 1970 (bigint), dates as days. */
export async function readParquet(path: string): Promise<Row[]> {
  const file = await asyncBufferFromFile(path)
  return parquetReadObjects({
    file,
    compressors,
    parsers: { timestampFromMicroseconds: (micros: bigint) => micros, dateFromDays: (days: number) => days },
  })
}

/** Microseconds since 1970 of `2023-06-26 21:05:00.474245`, taken as UTC, without floating point. */
export function micros(time: string): bigint {
  const [seconds = '', fraction = ''] = time.split('.')
  return BigInt(Date.parse(`${seconds.replace(' ', 'T')}Z`)) * 1000n + BigInt(fraction.padEnd(6, '0'))
}

/** `YYYY-MM-DD HH:MM:SS.ffffff` of microseconds since 1970. */
export function timeText(value: unknown): string {
  const whole = value as bigint
  const seconds = new Date(Number(whole / 1_000_000n) * 1000).toISOString().slice(0, 19).replace('T', ' ')
  return `${seconds}.${String(whole % 1_000_000n).padStart(6, '0')}`
}

export interface Transformed extends TransformResult {
  /** Of the first table. */
  columns: Column[]
  partitionKey: Column | null
  /** Rows of all outputs, in the order of the outputs. */
  rows: Row[]
  /** The reject file, read as the lines of its CSV are meant. */
  rejected: Row[]
}

type Overrides = Partial<Omit<TransformOptions, 'config' | 'file'>>

/** Transforms text (or a file that is there) and reads everything back. */
export async function transformText(
  place: Workplace,
  content: string | Uint8Array,
  config: object = {},
  overrides: Overrides = {},
): Promise<Transformed> {
  const file = await place.file('20230703_data.csv', content)
  return transformPath(place, file, config, overrides)
}

export async function transformPath(
  place: Workplace,
  file: string,
  config: object = {},
  overrides: Overrides = {},
): Promise<Transformed> {
  const result = await transformFile({
    file,
    dataset: 'data',
    config: datasetSchema.parse({ rejects: { max: '100%' }, ...config }),
    out: place.out,
    scratch: place.scratch,
    threads: 2,
    ...overrides,
  })
  const rows = await Promise.all(result.outputs.map(({ path }) => readParquet(join(place.out, path))))
  const rejected = result.rejects ? await readParquet(join(place.out, result.rejects.parquet)) : []
  expect(result.rowsIn).to.equal(result.rowsAccepted + result.rowsRejected)
  expect(rejected).to.have.length(result.rowsRejected)
  expect(await readdir(place.scratch)).to.deep.equal([])
  const [table] = result.tables
  return {
    ...result,
    columns: table?.columns ?? [],
    partitionKey: table?.partitionKey ?? null,
    rows: rows.flat(),
    rejected,
  }
}

/** The DatapipeError that a promise ends in. */
export async function failure(promise: Promise<unknown>): Promise<DatapipeError> {
  try {
    await promise
  } catch (error) {
    if (error instanceof DatapipeError) return error
    throw error
  }
  throw new Error('It did not fail.')
}

export async function lines(path: string): Promise<string[]> {
  return (await readFile(path, 'utf8')).split('\n')
}

export const SENSOR = {
  format: { timezone: 'Europe/Stockholm' },
  columns: { start_time: 'timestamp', end_time: 'timestamp', measurement: 'double', samples: 'integer' },
  timeseries: { start: 'start_time', end: 'end_time', samples: 'samples' },
}

export const SENSOR_HEADER = 'start_time,end_time,measurement,samples\n'
export const FIRST_ROW = '2023-06-26 21:05:00.474245,2023-06-26 21:05:39.474245,10.855276688682668,10\n'
