import { basename, join } from 'node:path'
import { defaultDataset } from '../config/dataset.js'
import type { Environment } from '../config/schema.js'
import { DatapipeError, ExitCode } from '../errors.js'
import { transformFile } from '../transform/transform.js'
import type { Column, Output, TransformEvent, TransformResult } from '../transform/types.js'
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
  durationMs: number
}

export interface TransformFilesRequest {
  files: string[]
  out: string
  dataset?: string
  datasets: Environment['datasets']
  signal: AbortSignal
  onEvent: (file: string, event: TransformEvent) => void
}

/**
 * Runs the bundled transform over local files, one after the other. Files of one dataset without declared columns share
 * the columns of the first, as they would share a table.
 * @throws UsageError UNKNOWN_DATASET, DatapipeError NO_DATASET_FOR_FILE before anything is read; the error of the file when
 * there is only one, TRANSFORM_PARTLY_FAILED (exit code 3) when others succeeded
 */
export async function transformFiles(request: TransformFilesRequest): Promise<TransformFilesResult> {
  const started = Date.now()
  const { dataset, datasets, files, out } = request
  if (dataset !== undefined) requireDataset(dataset, datasets)
  const work = files.map((file) => ({ file, dataset: dataset ?? chooseDataset(basename(file), datasets) }))
  const contracts = new Map<string, Column[]>()
  const done: { file: string; result: TransformResult }[] = []
  const failures: { file: string; error: unknown }[] = []
  for (const { dataset: name, file } of work) {
    request.signal.throwIfAborted()
    try {
      const config = datasets[name] ?? defaultDataset()
      const result = await transformFile({
        ...request,
        file,
        dataset: name,
        config,
        contract: contracts.get(name),
        onEvent: (event) => {
          request.onEvent(file, event)
        },
      })
      done.push({ file, result })
      contracts.set(name, result.inputs[0]?.columns ?? [])
    } catch (error) {
      if (files.length === 1 || request.signal.aborted) throw error
      failures.push({ file, error })
    }
  }
  const result = summarize(done, out, Date.now() - started)
  if (failures.length > 0) throw partlyFailed(failures, done.length, result)
  return result
}

function summarize(
  done: { file: string; result: TransformResult }[],
  out: string,
  durationMs: number,
): TransformFilesResult {
  const files = done.map(({ file, result }): TransformedFile => {
    const { dataset, rejects, rowsAccepted, rowsIn, rowsOut, rowsRejected } = result
    const paths = rejects && { ...rejects, parquet: join(out, rejects.parquet), csv: join(out, rejects.csv) }
    return { file, dataset, rowsIn, rowsAccepted, rowsOut, rowsRejected, rejects: paths }
  })
  const sum = (key: 'rowsIn' | 'rowsOut' | 'rowsRejected') =>
    files.reduce((total, file) => total + file[key], 0)
  return {
    rowsIn: sum('rowsIn'),
    rowsOut: sum('rowsOut'),
    rowsRejected: sum('rowsRejected'),
    outputs: done.flatMap(({ result }) =>
      result.outputs.map((output) => ({ ...output, path: join(out, output.path) })),
    ),
    rejects: files.flatMap(({ file, rejects }) => (rejects === null ? [] : [{ file, ...rejects }])),
    files,
    durationMs,
  }
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
    suggestions: ['Correct these files and transform them again; the others are done.'],
    cause: failures[0]?.error,
    result,
  })
}
