import type { Dataset } from '../../config/dataset.js'
import type { CheckResult } from '../checks/result.js'
import { declaredConfig } from '../contract/contract.js'
import type { Drift } from '../contract/drift.js'
import type { Database } from '../database.js'
import { columnsOf } from '../header.js'
import type { LoadedInput } from '../load.js'
import { actionsOf, declaredFor, type PiiAction } from '../pii/actions.js'
import type { RejectFiles, Stage, TransformOptions } from '../types.js'
import { acceptedTable } from './accepted.js'
import { summarizeColumn, type ColumnSummary } from './summarize.js'

/** What a file holds: known once its rows were read, and told before they are judged. */
export interface Reading {
  /** Records of the file without its header and blank lines, counted without DuckDB. */
  rowsIn: number
  rowsAccepted: number
  rowsRejected: number
  inputs: ReadInput[]
  /** The first rows that were rejected, in the order of the file. */
  rejects: RejectedRow[]
  checks: CheckResult[]
  drift: Drift[]
}

/** A table of records inside a file: the only one, called `input`, or a sheet. */
export interface ReadInput {
  name: string
  rowsAccepted: number
  columns: ReadColumn[]
}

export interface ReadColumn {
  name: string
  type: string
  /** inferred: from the values, of this file or of an earlier one. */
  origin: 'declared' | 'inferred'
  /** What is to happen to it because it holds personal data. */
  pii?: PiiAction
  /** Of the accepted rows, before any expansion. */
  summary?: ColumnSummary
}

/** A rejected row, without its text. */
export interface RejectedRow {
  /** The sheet, where there are several. */
  input: string | null
  line: number
  column: string | null
  reason: string
}

const FIRST_REJECTS = 10

interface Options extends Pick<TransformOptions, 'onRead' | 'onEvent' | 'summarize'> {
  database: Database
  config: Dataset
  loaded: readonly LoadedInput[]
  rejected: RejectFiles | null
  findings: Pick<Reading, 'checks' | 'drift'>
}

/** Tells what a file holds, from the database that has read it, if anyone wants to know. */
export async function tellReading(
  options: Options,
  stage: (name: Stage, work: () => Promise<Reading>) => Promise<Reading>,
): Promise<void> {
  const { onRead, summarize } = options
  if (onRead === undefined) return
  const read = () => readingOf(options)
  onRead(await (summarize === true ? stage('summary', read) : read()))
}

async function readingOf(options: Options): Promise<Reading> {
  const { config, database, findings, loaded, onEvent, rejected, summarize } = options
  const total = loaded.reduce((sum, { rows }) => sum + rows.columns.length, 0)
  let done = 0
  const inputs: ReadInput[] = []
  for (const { input, rows } of loaded) {
    const own = config.sheets === undefined ? declaredConfig(config) : declaredFor(config, input.name)
    const declared = new Set((own ? columnsOf(own) : []).map(({ name }) => name))
    const actions = actionsOf(declaredFor(config, input.name))
    const columns: ReadColumn[] = []
    for (const { name, type } of rows.columns) {
      const pii = actions.get(name)
      const column: ReadColumn = { name, type, origin: declared.has(name) ? 'declared' : 'inferred' }
      if (pii !== undefined) column.pii = pii
      if (summarize === true) {
        const table = acceptedTable(rows.accepted, rows.columns, config)
        const request = { database, table, rows: rows.accepted.rows, withhold: pii !== undefined }
        column.summary = await summarizeColumn({ name, type }, request)
        onEvent?.({ type: 'progress', stage: 'summary', done: ++done, total, unit: 'columns' })
      }
      columns.push(column)
    }
    inputs.push({ name: input.name, rowsAccepted: rows.accepted.rows, columns })
  }
  return {
    rowsIn: loaded.reduce((sum, { records }) => sum + records, 0),
    rowsAccepted: loaded.reduce((sum, { rows }) => sum + rows.accepted.rows, 0),
    rowsRejected: rejected?.rows ?? 0,
    inputs,
    rejects: rejected === null ? [] : await firstRejects(database),
    checks: findings.checks,
    drift: findings.drift,
  }
}

/** Values are withheld already where they have to be, see `writeRejects`. */
async function firstRejects(database: Database): Promise<RejectedRow[]> {
  const rows = await database.rows(
    `SELECT input, line, "column", reason FROM rejects ORDER BY rowid LIMIT ${FIRST_REJECTS}`,
  )
  return rows.map(({ input, line, column, reason }) => ({
    input: input as string | null,
    line: Number(line),
    column: column as string | null,
    reason: reason as string,
  }))
}
