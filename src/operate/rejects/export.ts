import { copyFile } from 'node:fs/promises'
import { extname } from 'node:path'
import type { AwsContext } from '../../aws/context.js'
import { DatapipeError, InterruptedError, UsageError } from '../../errors.js'
import { writingTo } from '../../full-disk.js'
import { LONGEST_RAW } from '../../transform/input/text-table.js'
import { headerLine, type RejectInput } from '../../transform/reject-metadata.js'
import { assertFree, completely, TextFile, withPart } from './complete-file.js'
import { selectRejected } from './find.js'
import { RejectFile, type RejectRow } from './reject-file.js'

export interface ExportRequest {
  /** See `selectRun`. */
  selector: string
  /** Ends with .csv or .parquet. */
  out: string
  /** Only rows whose reason contains this. */
  reason?: string
  /** Replace files that are there. */
  overwrite?: boolean
}

export interface ExportedFile {
  path: string
  /** The sheet, where the file has several. */
  input: string | null
  rows: number
  /** Beside it, line by line: where each row comes from and why it was rejected. Null for Parquet, which has it in each row. */
  reasons: string | null
}

export interface ExportResult {
  run: string
  source: { bucket: string; key: string; versionId: string }
  dataset: string
  files: ExportedFile[]
  /** Rows whose text is not kept whole, longer than 64 Ki characters or personal data: they are only in `reasons`. */
  withoutText: number
  /** Of the original file when that is not UTF-8, which the export is. */
  encoding: string | null
}

/**
 * Writes the rejected rows of a run to files on this machine, in memory that does not grow with them: as they stand in the
 * file, under its header, so that they can be corrected and uploaded; or as Parquet with everything that is known of them.
 * A file appears when it is complete.
 * @throws UsageError RUN_NOT_FOUND, RUN_AMBIGUOUS, NO_REJECTS, EXPORT_FORMAT, FILE_EXISTS, NOTHING_MATCHES; DatapipeError
 *   REJECTS_GONE, REJECTS_WITHOUT_TEXT, ENVIRONMENT_NOT_UP; InterruptedError
 */
export async function exportRejects(
  aws: AwsContext,
  { selector, out, reason, overwrite = false }: ExportRequest,
  signal: AbortSignal,
): Promise<ExportResult> {
  const format = extname(out).toLowerCase()
  if (format !== '.csv' && format !== '.parquet') {
    throw new UsageError('EXPORT_FORMAT', `${out} ends neither with .csv nor with .parquet.`, {
      suggestions: ['A .csv file can be corrected and uploaded; a .parquet file is for analysis.'],
    })
  }
  const run = await selectRejected(aws, selector, signal)
  const { bucket, key, versionId } = run.source
  const result = { run: run.runId, source: { bucket, key, versionId }, dataset: run.dataset }
  const file = await RejectFile.open(aws, run, signal)
  try {
    const rows = await file.count(reason)
    if (rows === 0) {
      throw new UsageError(
        'NOTHING_MATCHES',
        `None of the ${run.rejects.rows} rejected rows of ${key} has a reason with "${reason ?? ''}".`,
      )
    }
    const where = `s3://${bucket}/${key} (version ${versionId})`
    if (format === '.csv')
      return { ...result, ...(await exportText(file, { out, reason, overwrite, where })) }
    await assertFree([out], overwrite)
    const from = reason === undefined ? file.path : await file.filtered(reason)
    await completely([out], ([partial = out]) => writingTo(out, () => copyFile(from, partial)))
    const files = [{ path: out, input: null, rows, reasons: null }]
    return { ...result, files, withoutText: 0, encoding: null }
  } catch (error) {
    throw signal.aborted ? new InterruptedError() : error
  } finally {
    await file.close()
  }
}

async function exportText(
  file: RejectFile,
  { out, reason, overwrite, where }: { out: string; reason?: string; overwrite: boolean; where: string },
): Promise<Pick<ExportResult, 'files' | 'withoutText' | 'encoding'>> {
  const inputs = await file.inputs()
  const isOne = inputs.length === 1
  const targets = inputs.map((input) => {
    const path = isOne ? out : withPart(out, input.name.replace(/[^\p{L}\p{N}]+/gu, '_'))
    return { input, name: isOne ? null : input.name, path, reasons: withPart(path, 'reasons') }
  })
  await assertFree(
    targets.flatMap(({ path, reasons }) => [path, reasons]),
    overwrite,
  )
  const files: ExportedFile[] = []
  let withoutText = 0
  for (const { input, name, path, reasons } of targets) {
    const counts = { rows: 0, withoutText: 0 }
    const isOfInput = (row: RejectRow) => row.input === name
    const write = async ([partial = path, partialReasons = reasons]: readonly string[]) => {
      const text = await TextFile.create(partial)
      const sidecar = await TextFile.create(partialReasons)
      try {
        await writeText(file.rows({ reason }), isOfInput, input, { text, sidecar, counts })
      } finally {
        await text.close()
        await sidecar.close()
      }
      // Nothing to correct: then there is no file that looks as if there were.
      if (counts.rows === 0 && isOne) throw withoutWholeText(counts.withoutText, where)
    }
    await writingTo(path, () => completely([path, reasons], write))
    withoutText += counts.withoutText
    files.push({ path, input: name, rows: counts.rows, reasons })
  }
  const encoding = inputs.find((input) => input.encoding !== 'utf-8')?.encoding ?? null
  return { files, withoutText, encoding }
}

async function writeText(
  rows: AsyncIterable<RejectRow>,
  isWanted: (row: RejectRow) => boolean,
  input: RejectInput,
  to: { text: TextFile; sidecar: TextFile; counts: { rows: number; withoutText: number } },
): Promise<void> {
  const header = headerLine(input)
  let line = 1
  const writeRecord = async (record: string) => {
    await to.text.write(`${record}\n`)
    line += record.split(/\r\n|\r|\n/).length
  }
  if (header !== undefined) await writeRecord(header)
  await to.sidecar.write('export_line,line,column,reason\n')
  for await (const row of rows) {
    if (!isWanted(row)) continue
    const isWhole = hasWholeText(row)
    const reason = `"${row.reason.replaceAll('"', '""')}"`
    await to.sidecar.write(`${isWhole ? line : ''},${row.line},${row.column ?? ''},${reason}\n`)
    if (isWhole) await writeRecord(row.raw ?? '')
    to.counts[isWhole ? 'rows' : 'withoutText'] += 1
  }
}

function hasWholeText({ raw, byteLength }: RejectRow): boolean {
  if (raw === null) return false
  return raw.length < LONGEST_RAW || (byteLength !== null && Buffer.byteLength(raw) >= byteLength)
}

function withoutWholeText(rows: number, where: string): DatapipeError {
  return new DatapipeError(
    'REJECTS_WITHOUT_TEXT',
    `The text of ${rows === 1 ? 'the rejected row is' : `these ${rows} rejected rows is`} not kept whole: personal data, or longer than 64 Ki characters. There is nothing to correct in an export.`,
    {
      suggestions: [
        `The rows are in ${where}, for those who may read it; \`datapipe rejects show\` tells their lines, columns and reasons.`,
        'Their place in bytes too: export to a .parquet file.',
        'Correct the file where it comes from, and upload it again.',
      ],
    },
  )
}
