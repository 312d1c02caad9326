import { Args, Flags } from '@oclif/core'
import { cellText, ExactNumber, type QueryCell, type QueryColumn } from '../operate/query/cells.js'
import type { EngineName, QueryStream } from '../operate/query/engine.js'
import { DatapipeCommand, type CommandContext, type Outcome } from '../ui/command.js'
import { readerIsGone } from '../ui/output.js'
import { formatBytes, formatCount } from '../ui/format.js'
import type { Reporter } from '../ui/reporter.js'
import type { Cell } from '../ui/table.js'

export interface QueryResult {
  columns: QueryColumn[]
  rows: QueryCell[][]
  engine: EngineName
}

/** A table longer than this is nothing to read. */
const TABLE_ROWS = 1000

export default class Query extends DatapipeCommand<QueryResult, typeof Query> {
  static override summary = 'Ask the tables with SQL.'
  static override description = `Runs one reading statement: in Athena, or on --env local and with --engine duckdb in DuckDB on this machine, which fetches the \
Parquet files it needs and keeps them for the next time.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> "select count(*) from temperature" --env local',
    '<%= config.bin %> <%= command.id %> "show tables"',
    {
      description: 'Everything as a CSV file',
      command:
        '<%= config.bin %> <%= command.id %> "select * from temperature" --format csv > temperature.csv',
    },
  ]
  static override args = { sql: Args.string({ description: 'The statement.', required: true }) }
  static override flags = {
    engine: Flags.option({
      options: ['athena', 'duckdb'] as const,
      description: 'Where it runs. [default: athena; duckdb on an emulator]',
    })(),
    format: Flags.option({
      options: ['table', 'csv', 'json'] as const,
      default: 'table' as const,
      description: 'How rows are printed: aligned, RFC 4180, or an array of objects.',
    })(),
    'max-rows': Flags.integer({
      description: `Rows at most; 0 for all. [default: ${TABLE_ROWS} as a table, else all]`,
      min: 0,
      helpValue: 'N',
    }),
  }

  protected async perform(context: CommandContext): Promise<Outcome<QueryResult>> {
    const { reporter, signal } = context
    const { openQuery } = await import('../operate/query/query.js')
    const stream = await openQuery(await context.aws(), this.args.sql, this.flags.engine, {
      signal,
      onProgress: (message) => reporter.info(message),
    })
    try {
      const rows = await this.#print(context, stream)
      if (stream.scanned !== undefined) {
        const { bytes, usd } = stream.scanned
        reporter.info(`Scanned ${formatBytes(bytes)}, about $${usd.toFixed(6)}.`)
      }
      return { result: { columns: stream.columns, rows, engine: stream.engine } }
    } finally {
      await stream.close()
    }
  }

  /** @returns the rows for `--json`; CSV is not kept in memory */
  async #print(context: CommandContext, stream: QueryStream): Promise<QueryCell[][]> {
    const { reporter } = context
    const json = this.jsonEnabled()
    const format = json ? 'json' : this.flags.format
    const { limitRows } = await import('../operate/query/query.js')
    const maxRows = this.flags['max-rows'] ?? (format === 'table' ? TABLE_ROWS : 0)
    const batches = limitRows(stream, maxRows === 0 ? undefined : maxRows)
    const kept: QueryCell[][] = []
    const csv = format === 'csv' ? await csvPrinter(reporter, stream.columns) : undefined
    for (;;) {
      const next = await batches.next()
      if (next.done === true) {
        if (format === 'table') printTable(reporter, stream.columns, kept)
        if (format === 'json' && !json) printJson(reporter, stream.columns, kept)
        if (next.value.truncated) {
          context.warn(
            `Only the first ${formatCount(maxRows)} rows; there are more. All of them: --max-rows 0`,
          )
        }
        return kept
      }
      if (csv === undefined) kept.push(...next.value)
      else csv(next.value)
      if (readerIsGone()) return kept
    }
  }
}

async function csvPrinter(
  reporter: Reporter,
  columns: QueryColumn[],
): Promise<(rows: QueryCell[][]) => void> {
  const { csvHeader, csvRows } = await import('../operate/query/csv.js')
  // The reporter ends what it prints with the last LF itself.
  const print = (text: string) => text !== '' && reporter.out(text.slice(0, -1))
  print(csvHeader(columns))
  return (rows) => print(csvRows(rows))
}

function printTable(reporter: Reporter, columns: QueryColumn[], rows: QueryCell[][]): void {
  reporter.table(
    columns.map(({ name }) => name),
    rows.map((row) => row.map(tableCell)),
  )
}

function tableCell(cell: QueryCell): Cell {
  if (cell === null || typeof cell === 'number' || typeof cell === 'boolean') return cell
  if (cell instanceof ExactNumber && /^-?\d+$/.test(cell.text)) return BigInt(cell.text)
  return cellText(cell)
}

function printJson(reporter: Reporter, columns: QueryColumn[], rows: QueryCell[][]): void {
  const names = distinctNames(columns)
  const objects = rows.map((row) => Object.fromEntries(names.map((name, index) => [name, row[index]])))
  reporter.out(JSON.stringify(objects, null, 2))
}

/** Columns of one name would overwrite each other in an object: `n`, `n_2`. */
function distinctNames(columns: QueryColumn[]): string[] {
  const used = new Set<string>()
  return columns.map(({ name }) => {
    let distinct = name
    for (let n = 2; used.has(distinct); n++) distinct = `${name}_${n}`
    used.add(distinct)
    return distinct
  })
}
