import { readFile, writeFile } from 'node:fs/promises'
import { cpus, totalmem } from 'node:os'
import { fileURLToPath } from 'node:url'
import { version as duckdbVersion } from '@duckdb/node-api'
import type { Measured } from './measure.js'

export interface Line extends Measured {
  case: string
  peer: string
  megabytes: number
}

const DOCUMENT = fileURLToPath(new URL('../../docs/performance.md', import.meta.url))
const [BEGIN, END] = ['<!-- bench:begin -->', '<!-- bench:end -->']

/** The measurements as a Markdown table, with when and where. */
export function tableOf(lines: readonly Line[], ratios: readonly string[]): string {
  const gigabytes = (totalmem() / 2 ** 30).toFixed(0)
  const where = `${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'}), ${gigabytes} GiB; Node ${process.version}, DuckDB ${duckdbVersion()}`
  const rows = lines.map(
    ({ case: name, peer, megabytes, seconds, cpu, mebibytes }) =>
      `| ${name} | ${peer} | ${megabytes.toFixed(0)} | ${seconds.toFixed(2)} | ${(megabytes / seconds).toFixed(0)} | ${cpu.toFixed(2)} | ${mebibytes.toFixed(0)} |`,
  )
  return [
    `${new Date().toISOString().slice(0, 10)}, ${where}. Medians; every run in a process of its own, turn by turn.`,
    '',
    '| case | who | MB | seconds | MB/s | CPU seconds | MiB resident |',
    '|---|---|---|---|---|---|---|',
    ...rows,
    '',
    ...ratios.map((ratio) => `- ${ratio}`),
  ].join('\n')
}

/** Puts the table between the markers of docs/performance.md. */
export async function writeTable(table: string): Promise<void> {
  const text = await readFile(DOCUMENT, 'utf8')
  const [from, to] = [text.indexOf(BEGIN), text.indexOf(END)]
  if (from === -1 || to < from) throw new Error(`${DOCUMENT} has no place for the table.`)
  await writeFile(DOCUMENT, `${text.slice(0, from + BEGIN.length)}\n\n${table}\n\n${text.slice(to)}`)
}
