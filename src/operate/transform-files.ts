import { basename, join } from 'node:path'
import { configurationOf } from '../config/dataset.js'
import type { Environment } from '../config/schema.js'
import { DatapipeError, ExitCode, InterruptedError } from '../errors.js'
import { isMerged, transformMerged } from '../transform/merge/transform-merged.js'
import { needsKey } from '../transform/pii/actions.js'
import { parsePiiKey, PII_KEY_VARIABLE } from '../transform/pii/key.js'
import type { Reading } from '../transform/summary/reading.js'
import { transformFile } from '../transform/transform.js'
import type { ContractColumn } from '../transform/contract/contract.js'
import type {
  Output,
  RejectFiles,
  TransformEvent,
  TransformOptions,
  TransformResult,
} from '../transform/types.js'
import { chooseDataset, requireDataset } from './upload/dataset.js'

/** What became of one file. Paths include the output folder. */
export interface TransformedFile {
  file: string
  dataset: string
  rowsIn: number
  rowsAccepted: number
  rowsOut: number
  rowsRejected: number
  rejects: { rows: number; parquet: string; csv: string } | null
  /** How the file differs from the table of its dataset. */
  drift: TransformResult['drift']
  checks: TransformResult['checks']
}

export interface TransformFilesResult {
  /** Sums over all files. */
  rowsIn: number
  rowsOut: number
  rowsRejected: number
  outputs: Output[]
  /** Where the rejected rows of each file are; empty when none was rejected. */
  rejects: { file: string; rows: number; parquet: string; csv: string }[]
  files: TransformedFile[]
  /** Of a dry run, which leaves no outputs and no rejects. */
  wouldWrite?: { files: number; bytes: number }
  /** What each file holds, failed ones included; of a dry run, and where summaries were asked for. */
  readings?: FileReading[]
  durationMs: number
}

/** What one file holds. */
export type FileReading = { file: string; dataset: string } & Reading

export interface TransformFilesRequest {
  files: string[]
  /** Undefined: a dry run. */
  out: string | undefined
  /** Look at the values of each column. */
  summarize?: boolean
  dataset?: string
  datasets: Environment['datasets']
  signal: AbortSignal
  onEvent: (file: string, event: TransformEvent) => void
  /** Called as soon as a file was read, in a dry run or with `summarize`. */
  onRead?: (reading: FileReading) => void
}

/**
 * Runs the bundled transform over local files, one after the other. Files of one dataset without declared columns share
 * the columns of the first, as they would share a table.
 * @throws UsageError UNKNOWN_DATASET, DatapipeError NO_DATASET_FOR_FILE before anything is read; the error of the file when
 * there is only one, TRANSFORM_PARTLY_FAILED (exit code 3) when others succeeded; both with the readings in their result
 */
export async function transformFiles(request: TransformFilesRequest): Promise<TransformFilesResult> {
  const started = Date.now()
  const { dataset, datasets, files, out, summarize } = request
  if (dataset !== undefined) requireDataset(dataset, datasets)
  const work = files.map((file) => ({ file, dataset: dataset ?? chooseDataset(basename(file), datasets) }))
  const contracts = new Map<string, ContractColumn[]>()
  const done: { file: string; result: TransformResult }[] = []
  const failures: { file: string; error: unknown }[] = []
  const isExamined = out === undefined || summarize === true
  const readings: FileReading[] = []
  for (const { dataset: name, file } of work) {
    request.signal.throwIfAborted()
    try {
      const config = configurationOf(datasets, name)
      const options: TransformOptions = {
        file,
        dataset: name,
        config,
        contract: contracts.get(name),
        piiKey: needsKey(config) ? parsePiiKey(process.env[PII_KEY_VARIABLE], PII_KEY_VARIABLE) : undefined,
        signal: request.signal,
        summarize,
        onEvent: (event) => {
          request.onEvent(file, event)
        },
      }
      if (isExamined) {
        options.onRead = (reading) => {
          readings.push({ file, dataset: name, ...reading })
          request.onRead?.({ file, dataset: name, ...reading })
        }
      }
      const result =
        out !== undefined && isMerged(config)
          ? await transformMerged({ ...options, out })
          : await transformFile({ ...options, out })
      done.push({ file, result })
      contracts.set(name, result.inputs[0]?.columns ?? [])
    } catch (thrown) {
      const error = inFolder(thrown, out)
      if (files.length === 1 || request.signal.aborted) throw withReadings(error, readings)
      failures.push({ file, error })
    }
  }
  const result = {
    ...resultOf(done, out, Date.now() - started),
    ...(isExamined ? { readings } : {}),
  }
  if (failures.length > 0) throw partlyFailed(failures, done.length, result)
  return result
}

function resultOf(
  done: { file: string; result: TransformResult }[],
  out: string | undefined,
  durationMs: number,
): TransformFilesResult {
  const files = done.map(({ file, result }): TransformedFile => {
    const { checks, dataset, drift, rejects, rowsAccepted, rowsIn, rowsOut, rowsRejected } = result
    const paths = rejects && {
      ...rejects,
      parquet: join(out ?? '', rejects.parquet),
      csv: join(out ?? '', rejects.csv),
    }
    return { file, dataset, rowsIn, rowsAccepted, rowsOut, rowsRejected, rejects: paths, drift, checks }
  })
  const outputs = done.flatMap(({ result }) => result.outputs)
  const bytes = outputs.reduce((total, output) => total + output.bytes, 0)
  const sum = (key: 'rowsIn' | 'rowsOut' | 'rowsRejected') =>
    files.reduce((total, file) => total + file[key], 0)
  return {
    rowsIn: sum('rowsIn'),
    rowsOut: sum('rowsOut'),
    rowsRejected: sum('rowsRejected'),
    outputs: out === undefined ? [] : outputs.map((output) => ({ ...output, path: join(out, output.path) })),
    rejects: files.flatMap(({ file, rejects }) => (rejects === null ? [] : [{ file, ...rejects }])),
    files,
    ...(out === undefined ? { wouldWrite: { files: outputs.length, bytes } } : {}),
    durationMs,
  }
}

/** The reject files of an error as paths that include the output folder. */
function inFolder(error: unknown, out: string | undefined): unknown {
  if (!(error instanceof DatapipeError) || out === undefined) return error
  const { code, exitCode, message, suggestions } = error
  const kept = keptRejects(error)
  if (!kept) return error
  const { csv, parquet, ...counts } = kept
  const rejects = { ...counts, parquet: join(out, parquet), csv: join(out, csv) }
  return new DatapipeError(code, message, {
    exitCode,
    suggestions: suggestions.map((each) => each.replaceAll(csv, rejects.csv)),
    cause: error,
    result: { ...(error.result as object), rejects },
  })
}

/** Where the rejected rows of a file are that had too many. */
function keptRejects(error: unknown): RejectFiles | null | undefined {
  if (!(error instanceof DatapipeError)) return undefined
  return (error.result as { rejects?: RejectFiles | null } | undefined)?.rejects
}

/** An error that tells with `--json` what was read before it. */
function withReadings(error: unknown, readings: readonly FileReading[]): unknown {
  if (!(error instanceof DatapipeError) || error instanceof InterruptedError) return error
  if (readings.length === 0) return error
  const { code, exitCode, message, suggestions } = error
  const known = typeof error.result === 'object' ? error.result : {}
  const details = { exitCode, suggestions, cause: error, result: { ...known, readings } }
  return new DatapipeError(code, message, details)
}

function partlyFailed(
  failures: { file: string; error: unknown }[],
  succeeded: number,
  result: TransformFilesResult,
): DatapipeError {
  const lines = failures.map(
    ({ error, file }) => `${file}: ${error instanceof Error ? error.message : String(error)}`,
  )
  return new DatapipeError('TRANSFORM_PARTLY_FAILED', lines.join('\n'), {
    exitCode: succeeded > 0 ? ExitCode.partial : ExitCode.failed,
    suggestions: [
      ...failures.flatMap(({ file, error }) => {
        const kept = keptRejects(error)
        return kept ? [`Why rows of ${file} were rejected: ${kept.csv}`] : []
      }),
      result.wouldWrite === undefined
        ? `Correct these files and transform them again${succeeded > 0 ? '; the others are done' : ''}.`
        : 'Correct these files; nothing was written of the others either.',
    ],
    cause: failures[0]?.error,
    result: {
      ...result,
      rejects: [
        ...result.rejects,
        ...failures.flatMap(({ file, error }) => {
          const kept = keptRejects(error)
          return kept ? [{ file, ...kept }] : []
        }),
      ],
    },
  })
}
