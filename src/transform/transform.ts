import { rm, stat } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { InterruptedError } from '../errors.js'
import { auditFiles } from './audit.js'
import { assertRules } from './contract/assert-rules.js'
import { assertTable } from './contract/assert-table.js'
import { contractOf } from './contract/contract.js'
import { Database, type DatabaseOptions } from './database.js'
import { dialectOf } from './dialect.js'
import { Findings } from './findings.js'
import { whileHashing } from './hash/while-hashing.js'
import type { Input } from './input/input.js'
import { exceeds, overLimit } from './limit.js'
import { loadInput, openInputs, type LoadedInput } from './load.js'
import { assertOutputs, isReshaped, tablesOf } from './outputs.js'
import { hasPersonalData } from './pii/actions.js'
import { publish, publishRejects } from './publish.js'
import type { SourceFacts } from './query/query.js'
import { writeRejects } from './rejects.js'
import { makeScratch, removeLeftOvers } from './scratch.js'
import { assertUnchanged, openSource } from './source.js'
import { tellReading } from './summary/reading.js'
import { tableResult } from './tables.js'
import type { Stage, TransformEvent, TransformOptions, TransformResult } from './types.js'
import { writeTable } from './write.js'

export const DEFAULT_MEMORY_MB = 1024

/**
 * Turns one CSV file into the Parquet files of its table. Either everything is published to `out`, or nothing but the
 * rejects: rows in = rows accepted + rows rejected, counted independently, and every file read back before it is moved.
 * @throws DataError for what is wrong with the file (REJECTS_OVER_LIMIT with exit code 5), UsageError for the configuration,
 * IntegrityError when a check failed, InterruptedError
 */
export async function transformFile(options: TransformOptions): Promise<TransformResult> {
  const base = options.scratch ?? tmpdir()
  const leftOvers = await removeLeftOvers(base)
  if (leftOvers.length > 0) {
    const message = `Removed what a run that was killed had left: ${leftOvers.join(', ')}.`
    options.onEvent?.({ type: 'note', code: 'LEFT_OVERS_REMOVED', message })
  }
  const scratch = await makeScratch(base)
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
  const { file, dataset, config, out, onEvent, signal } = options
  const name = options.displayName ?? file
  const sourceName = options.sourceName ?? basename(file)
  const place =
    out === undefined ? undefined : { out, dataset, sourceName, versionId: options.load?.versionId }
  const from = { dataset, source: sourceName, ...options.load }
  const { stage, progressOf } = stages(onEvent)
  // What is wrong with the configuration alone should not cost reading the file.
  dialectOf(config.format)
  const resources = {
    scratch,
    memoryLimitMb: options.memoryLimitMb ?? DEFAULT_MEMORY_MB,
    threads: options.threads ?? availableParallelism(),
    signal,
  }
  const making = { dataset, config, scratch, resources }
  const occasion = { dataset, file: name }
  const agreed = contractOf(config, options.contract, occasion)
  const contract = agreed?.columns
  await assertOutputs(making, contract, options.piiKey)
  if (contract) assertTable(config, occasion, contract, options.existing ?? [])
  await assertRules(making, contract)

  const source = await stage('open', () => openSource(file, name, scratch, config.format, signal))
  // A file that somebody writes to meanwhile fails in many ways; that is the one to tell.
  const orChanged = async (error: unknown): Promise<never> => {
    await assertUnchanged(source)
    throw error
  }
  const openAll = async () => {
    const inputs = await stage('prescan', () =>
      openInputs({ source, dataset, config, contract, scratch, onEvent, signal }),
    )
    for (const event of passedOver(inputs)) onEvent?.(event)
    return inputs
  }
  const facts = options.facts ?? (await factsOf(file))
  const findings = new Findings({ ...occasion, config, contract: agreed, onEvent })

  const read = async (database: Database, inputs: Input[]) => {
    const loaded = await stage('read', async () => {
      const loaded: LoadedInput[] = []
      for (const [index, input] of inputs.entries()) {
        const folder = join(scratch, `input-${index}`)
        const request = { database, config, dataset, file: name, scratch: folder, onEvent, signal }
        loaded.push(await loadInput(input, request))
      }
      return loaded
    })
    const look = () => findings.ofRows(database, loaded, facts.modifiedAt)
    await (config.checks.length > 0 ? stage('checks', look) : look())
    const isClean = loaded.every(({ rejected }) => rejected === 0)
    const rejected = isClean
      ? null
      : await stage('rejects', () =>
          writeRejects({
            database,
            scratch,
            inputs: loaded,
            from,
            withhold: hasPersonalData(config),
            signal,
          }),
        )
    const records = loaded.reduce((sum, each) => sum + each.records, 0)
    if (rejected && exceeds(rejected.rows, records, config.rejects.max))
      await findings.ofRejects(database, loaded)
    await tellReading({ ...options, database, loaded, rejected, findings }, stage)
    return { loaded, rejected }
  }
  const readResources = {
    ...resources,
    source: source.realPath,
    keepOrder: true,
    pushFilters: false,
    onProgress: progressOf('read', source.bytes, 'bytes'),
  }
  const { result, hash } = await whileHashing(file, signal, async () => {
    const inputs = await openAll()
    return withDatabase(readResources, (database) => read(database, inputs))
  }).catch(orChanged)
  const { loaded, rejected } = result
  await assertUnchanged(source)

  const counts = {
    rowsIn: loaded.reduce((sum, { records }) => sum + records, 0),
    rowsAccepted: loaded.reduce((sum, { rows }) => sum + rows.accepted.rows, 0),
    rowsRejected: rejected?.rows ?? 0,
  }
  if (exceeds(counts.rowsRejected, counts.rowsIn, config.rejects.max)) {
    const rejects = place === undefined ? null : await publishRejects(rejected, place)
    const { drift } = findings
    throw overLimit(drift.length > 0 ? { ...counts, drift } : counts, rejects, {
      ...options,
      displayName: name,
    })
  }

  findings.assertChecks()

  const makeTables = () => tablesOf(making, loaded, facts, options.piiKey)
  const tables = isReshaped(config) ? await stage('tables', makeTables) : await makeTables()
  const onProgress = progressOf('write', counts.rowsAccepted, 'rows')
  const writeResources = { ...resources, keepOrder: false, pushFilters: true, onProgress }
  const written = await withDatabase(writeResources, (database) => {
    const onFile = (done: number, total: number) =>
      onEvent?.({ type: 'progress', stage: 'write', done, total, unit: 'files' })
    return stage('write', async () => {
      const written = []
      for (const table of tables)
        written.push({
          ...(await writeTable({ database, scratch, sourceName, table, onFile })),
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
  const rejects =
    place === undefined ? null : await stage('publish', () => publish({ files, rejects: rejected }, place))
  return {
    dataset,
    ...counts,
    rowsOut: written.reduce((sum, table) => sum + table.rows, 0),
    outputs: files.map(({ output }) => output),
    rejects,
    tables: written.map(({ result }) => result),
    inputs: loaded.map(({ input, rows }) => ({
      name: input.name,
      columns: rows.columns.map(({ name, type, added }) => ({
        name,
        type,
        ...(added === true ? { added } : {}),
      })),
    })),
    drift: findings.drift,
    checks: findings.checks,
    ...hash,
    durationMs: Math.round(performance.now() - started),
  }
}

/** What `source` says of a local file. */
async function factsOf(file: string): Promise<SourceFacts> {
  return { key: basename(file), versionId: null, modifiedAt: (await stat(file)).mtime }
}

/** What was in the file and is no record. */
function passedOver(inputs: readonly Input[]): TransformEvent[] {
  const sum = (key: 'blankLines' | 'commentLines') =>
    inputs.reduce((total, { prescan }) => total + prescan[key], 0)
  const [blank, comments] = [sum('blankLines'), sum('commentLines')]
  const events: TransformEvent[] = []
  if (blank > 0) {
    const message = `${blank} blank lines were passed over.`
    events.push({ type: 'warning', code: 'BLANK_LINES', message })
  }
  if (comments > 0) {
    const message = `${comments} comment lines were passed over.`
    events.push({ type: 'note', code: 'COMMENT_LINES', message })
  }
  return events
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

/** Tells when each stage starts and ends, and how far the statement is that DuckDB works on; a stage can need several. */
function stages(onEvent: TransformOptions['onEvent']) {
  let current: Stage | undefined
  const stage = async <T>(name: Stage, work: () => Promise<T>): Promise<T> => {
    const started = performance.now()
    current = name
    onEvent?.({ type: 'stage', stage: name, state: 'started' })
    const result = await work()
    current = undefined
    const durationMs = Math.round(performance.now() - started)
    onEvent?.({ type: 'stage', stage: name, state: 'finished', durationMs })
    return result
  }
  const progressOf = (name: Stage, total: number, unit: 'bytes' | 'rows'): DatabaseOptions['onProgress'] => {
    if (onEvent === undefined) return undefined
    return (share) => {
      // The same database works in other stages too.
      if (current !== name) return
      onEvent({ type: 'progress', stage: name, done: Math.round(share * total), total, unit })
    }
  }
  return { stage, progressOf }
}
