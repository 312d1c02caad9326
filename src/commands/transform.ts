import { Args, Flags } from '@oclif/core'
import { UsageError } from '../errors.js'
import type { TransformFilesResult } from '../operate/transform-files.js'
import { DatapipeCommand, type CommandContext, type Outcome } from '../ui/command.js'
import { formatBytes, formatCount, formatDuration, plural } from '../ui/format.js'
import type { Reporter } from '../ui/reporter.js'

export default class Transform extends DatapipeCommand<TransformFilesResult, typeof Transform> {
  static override summary = 'Turn files into Parquet on this machine. Needs no AWS.'
  static override description = `The same transform that runs in AWS, with the datasets of datapipe.yaml. Every row is either in the Parquet files, which are read
back before they are put into place, or among the rejects with its line, column, reason and text.

A dataset that datapipe.yaml does not describe gets its column types from the whole first file.

With --dry-run the whole work is done in the folder for temporary files, and nothing is left of it: it tells the columns and their types,
the rows that would be rejected and why, and what the checks find, and ends with the exit code that the real run would have.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> 20230703_measurement_data.csv --out parquet',
    '<%= config.bin %> <%= command.id %> a.csv b.csv.gz --dataset temperature --out parquet',
    '<%= config.bin %> <%= command.id %> a.csv --dry-run',
    '<%= config.bin %> <%= command.id %> a.csv --dry-run --summarize --json',
  ]
  static override args = {
    file: Args.string({
      description:
        'CSV, TSV, JSON lines, Parquet or Excel files, as their datasets say; plain, gzip or zstd.',
      multiple: true,
      required: true,
      ignoreStdin: true,
    }),
  }
  static override flags = {
    out: Flags.string({
      char: 'o',
      description: 'Folder for the Parquet files. Needed without --dry-run.',
      helpValue: 'DIR',
    }),
    dataset: Flags.string({
      char: 'd',
      description: 'Dataset of the files. [default: by their names]',
      helpValue: 'NAME',
    }),
    'dry-run': Flags.boolean({
      description: 'Say what would become of the files, and leave nothing behind.',
    }),
    summarize: Flags.boolean({
      description:
        'Show nulls, distinct values, smallest, greatest and mean value and a histogram of each column. Of personal data only counts.',
    }),
  }

  protected async perform(context: CommandContext): Promise<Outcome<TransformFilesResult>> {
    const { 'dry-run': dryRun, dataset, out, summarize } = this.flags
    if (!dryRun && out === undefined) {
      throw new UsageError('USAGE', 'Missing required flag out', {
        suggestions: ['Name a folder with --out, or try without one: --dry-run.'],
      })
    }
    const { transformFiles } = await import('../operate/transform-files.js')
    const { TransformProgress } = await import('../ui/transform-progress.js')
    const { reportReading } = await import('../ui/transform-report.js')
    const { showsUnicode } = await import('../ui/transform-histogram.js')
    const { reporter, signal } = context
    const progress = new TransformProgress(reporter, this.args.file)
    try {
      const result = await transformFiles({
        files: this.args.file,
        out: dryRun ? undefined : out,
        summarize,
        dataset,
        datasets: context.config.datasets,
        signal,
        onEvent: (file, event) => {
          if (event.type === 'warning') context.warn(`${file}: ${event.message}`)
          else progress.listener(file, event)
        },
        onRead: (reading) => {
          reportReading(reporter, reading, { dryRun, summarize, unicode: showsUnicode() })
        },
      })
      progress.end()
      reportResult(reporter, result, out)
      return { result }
    } finally {
      progress.end()
    }
  }
}

function reportResult(reporter: Reporter, result: TransformFilesResult, out = ''): void {
  reporter.table(
    ['file', 'dataset', 'rows in', 'out', 'rejected'],
    result.files.map((file) => [
      file.file,
      file.dataset,
      formatCount(file.rowsIn),
      formatCount(file.rowsOut),
      formatCount(file.rowsRejected),
    ]),
  )
  const took = formatDuration(result.durationMs)
  const { outputs, wouldWrite } = result
  const { bytes, files } = wouldWrite ?? {
    bytes: outputs.reduce((sum, output) => sum + output.bytes, 0),
    files: outputs.length,
  }
  const what = `${plural(files, 'Parquet file')}, ${formatBytes(bytes)}`
  if (wouldWrite) reporter.info(`Dry run: nothing was written. It would be ${what} (${took})`)
  else reporter.info(`${what}, in ${out} (${took})`)
  for (const { csv, rows } of result.rejects) reporter.info(`${plural(rows, 'rejected row')}: ${csv}`)
}
