import { execFileSync } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { once } from 'node:events'
import { finished } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'

export interface BenchFile {
  path: string
  /** 10^6 bytes. */
  megabytes: number
  /** Column name to type of datapipe. */
  columns: Record<string, string>
}

const SENSOR_ROW_BYTES = 75.1
const FLUSH_CHARACTERS = 1 << 20

/** Interval rows of a sensor: two times with microseconds, a number, a count. Sorted by time. */
export async function sensorFile(folder: string, megabytes: number, name: string): Promise<BenchFile> {
  const generator = fileURLToPath(new URL('../../examples/sensors/generate.js', import.meta.url))
  const rows = String(Math.round((megabytes * 1e6) / SENSOR_ROW_BYTES))
  const args = [generator, '--rows', rows, '--bad', '0', '--date', '20230703', '--out', folder]
  execFileSync(process.execPath, args)
  const path = join(folder, `${name}.csv`)
  await rename(join(folder, '20230703_measurement_data.csv'), path)
  const columns = {
    start_time: 'timestamp',
    end_time: 'timestamp',
    measurement: 'double',
    samples: 'integer',
  }
  return { path, megabytes: (await stat(path)).size / 1e6, columns }
}

/** Twenty columns of all kinds, with quotes, line ends inside them, and nulls. */
export async function wideFile(folder: string, megabytes: number): Promise<BenchFile> {
  const path = join(folder, 'wide.csv')
  const kinds = ['bigint', 'double', 'string', 'timestamp', 'date', 'integer', 'boolean'] as const
  const names = Array.from({ length: 20 }, (_, index) => `c${index}`)
  const types = names.map((_, index) => kinds[index % kinds.length] ?? 'string')
  const stream = createWriteStream(path)
  let buffer = `${names.join(',')}\n`
  let bytes = 0
  for (let row = 0; bytes < megabytes * 1e6; row++) {
    buffer += `${types.map((type, index) => field(type, row, index)).join(',')}\n`
    if (buffer.length < FLUSH_CHARACTERS) continue
    bytes += buffer.length
    if (!stream.write(buffer)) await once(stream, 'drain')
    buffer = ''
  }
  stream.end(buffer)
  await finished(stream)
  const columns = Object.fromEntries(names.map((name, index) => [name, types[index] ?? 'string']))
  return { path, megabytes: (await stat(path)).size / 1e6, columns }
}

function field(type: string, row: number, column: number): string {
  const number = (row * 7919 + column * 104_729) % 1_000_003
  if (number % 11 === 0) return ''
  switch (type) {
    case 'bigint':
      return String(number * 1_000_003)
    case 'double':
      return String(number / 997)
    case 'timestamp':
      return new Date(1_600_000_000_000 + number * 61_000).toISOString().slice(0, 23).replace('T', ' ')
    case 'date':
      return new Date(1_600_000_000_000 + (number % 1000) * 86_400_000).toISOString().slice(0, 10)
    case 'integer':
      return String(number % 1000)
    case 'boolean':
      return String(number % 2 === 0)
    default:
      if (number % 5 === 0) return `"said ""${number}"", twice"`
      return number % 7 === 0 ? `"two\nlines ${number}"` : `text ${number}`
  }
}
