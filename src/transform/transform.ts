import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import type { Dataset } from '../config/dataset.js'
import { InterruptedError } from '../errors.js'
import { auditFiles } from './audit.js'
import { Database, type DatabaseOptions } from './database.js'
import { dialectOf } from './dialect.js'
import { DataError } from './errors.js'
import { declaredColumns, matchColumns, readHeader } from './header.js'
import { exceeds, overLimit } from './limit.js'
import { hashFile, prescan } from './prescan.js'
import { publishFiles, publishRejects } from './publish.js'
import { readRows } from './read.js'
import { writeRejects } from './rejects.js'
import { assertUnchanged, openSource } from './source.js'
import { assertShape, outputTables, tableResult } from './tables.js'
import type { Stage, TransformOptions, TransformResult } from './types.js'
import { writeTable } from './write.js'

const DEFAULT_MEMORY_MB = 1024

/**
 * Turns one CSV file into the Parquet files of its table. Either everything is published to `out`, or nothing but the
 * rejects: rows in = rows accepted + rows rejected, counted independently, and every file read back before it is moved.
 * @throws DataError for what is wrong with the file (REJECTS_OVER_LIMIT with exit code 5), UsageError for the configuration,
 * IntegrityError when a check failed, InterruptedError
 */
export async function transformFile(options: TransformOptions): Promise<TransformResult> {
  const base = options.scratch ?? tmpdir()
  await mkdir(base, { recursive: true })
  const scratch = await mkdtemp(join(base, 'datapipe-'))
  try {
    return await run(options, scratch)
  } catch (error) {
    if (options.signal?.aborted === true && !(error instanceof InterruptedError)) {
      throw new InterruptedError('Interrupted; nothing was published.', { cause: error })
    }
    throw error
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

async function run(options: TransformOptions, scratch: string): Promise<TransformResult> {
  const started = performance.now()
  const { file, dataset, config, out, contract, onEvent, signal } = options
  const name = options.displayName ?? file
  const place = { out, dataset, sourceName: options.sourceName ?? basename(file) }
  const stage = stages(onEvent)
  const dialect = dialectOf(config.format)
  const declared = declaredColumns(config)
  const tableColumns = declared ?? contract
  // What is wrong with the configuration alone should not cost reading the file.
  if (tableColumns) assertShape(config, tableColumns)

  const source = await stage('open', () => openSource(file, name, scratch, signal))
  const { text } = source
  const header = await readHeader(name, text, dialect)
  const known = tableColumns && matchColumns(name, header, tableColumns, dataset)
  const { hash, counted } = await stage('prescan', async () => {
    const onBytes = (done: number) =>
      onEvent?.({ type: 'progress', stage: 'prescan', done, total: source.bytes, unit: 'bytes' })
    const counted = await prescan(text, { dialect, header, signal, onBytes })
    return { counted, hash: await hashFile(file, signal) }
  })
  if (counted.records === 0) throw new DataError('FILE_HAS_NO_ROWS', `${name} has a header and no rows.`)
  if (counted.blankLines > 0) {
    onEvent?.({
      type: 'warning',
      code: 'BLANK_LINES',
      message: `${counted.blankLines} blank lines were passed over.`,
    })
  }

  const resources = {
    scratch,
    memoryLimitMb: options.memoryLimitMb ?? DEFAULT_MEMORY_MB,
    threads: options.threads ?? availableParallelism(),
    signal,
  }
  const read = async (database: Database) => {
    const common = { database, text, scratch, header, dialect, signal }
    const strict = declared === undefined
    const rows = await stage('read', () =>
      readRows({ ...common, config, prescan: counted, known, strict, onEvent }),
    )
    if (rows.malformed + rows.unfit.rows === 0) return { rows, rejected: null }
    const { nullValue } = config.format
    return { rows, rejected: await stage('rejects', () => writeRejects({ ...common, rows, nullValue })) }
  }
  const { rows, rejected } = await withDatabase(
    { ...resources, source: source.realPath, keepOrder: true, pushFilters: false },
    read,
  ).catch(async (error: unknown) => {
    // A file that somebody writes to meanwhile fails in many ways; that is the one to tell.
    await assertUnchanged(source)
    throw error
  })
  await assertUnchanged(source)

  const rowsRejected = rejected?.rows ?? 0
  const counts = { rowsIn: counted.records, rowsAccepted: rows.accepted.rows, rowsRejected }
  if (exceeds(rowsRejected, counted.records, config.rejects.max)) {
    throw overLimit(counts, await publishRejects(rejected, place), { ...options, displayName: name })
  }

  const tables = outputTables(dataset, config, rows)
  const written = await withDatabase({ ...resources, keepOrder: false, pushFilters: true }, (database) => {
    const onFile = (done: number, total: number) =>
      onEvent?.({ type: 'progress', stage: 'write', done, total, unit: 'files' })
    return stage('write', async () => {
      const written = []
      for (const table of tables)
        written.push({
          ...(await writeTable({ database, scratch, sourceName: place.sourceName, table, onFile })),
          result: tableResult(table),
        })
      return written
    })
  })
  const files = written.flatMap((table) => table.files)
  await stage('audit', async () => {
    for (const table of written) await auditFiles(table.files, table.result.columns)
  })
  signal?.throwIfAborted()
  const rejects = await stage('publish', async () => {
    await publishFiles(files, place)
    return publishRejects(rejected, place)
  })
  return {
    dataset,
    ...counts,
    rowsOut: written.reduce((sum, table) => sum + table.rows, 0),
    outputs: files.map(({ output }) => output),
    rejects,
    tables: written.map(({ result }) => result),
    inputs: [{ name: 'input', columns: rows.columns.map(({ name, type }) => ({ name, type })) }],
    ...hash,
    durationMs: Math.round(performance.now() - started),
  }
}

async function withDatabase<T>(
  options: DatabaseOptions,
  work: (database: Database) => Promise<T>,
): Promise<T> {
  const database = await Database.open(options)
  try {
    return await work(database)
  } finally {
    database.close()
  }
}

/** Tells when each stage starts and ends. */
function stages(onEvent: TransformOptions['onEvent']) {
  return async <T>(stage: Stage, work: () => Promise<T>): Promise<T> => {
    const started = performance.now()
    onEvent?.({ type: 'stage', stage, state: 'started' })
    const result = await work()
    onEvent?.({
      type: 'stage',
      stage,
      state: 'finished',
      durationMs: Math.round(performance.now() - started),
    })
    return result
  }
}
