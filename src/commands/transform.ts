import { Args, Flags } from '@oclif/core'
import type { TransformFilesResult } from '../operate/transform-files.js'
import { DatapipeCommand, type CommandContext, type Outcome } from '../ui/command.js'
import { formatBytes, formatCount, formatDuration } from '../ui/format.js'

export default class Transform extends DatapipeCommand<TransformFilesResult, typeof Transform> {
  static override summary = 'Turn CSV files into Parquet on this machine. Needs no AWS.'
  static override description = `The same transform that runs in AWS, with the datasets of datapipe.yaml. Every row is either in the Parquet files, which are read
back before they are put into place, or among the rejects with its line, column, reason and text.

A dataset that datapipe.yaml does not describe gets its column types from the whole first file.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> 20230703_measurement_data.csv --out parquet',
    '<%= config.bin %> <%= command.id %> a.csv b.csv.gz --dataset temperature --out parquet',
  ]
  static override args = {
    file: Args.string({
      description: 'CSV files, plain or gzip.',
      multiple: true,
      required: true,
      ignoreStdin: true,
    }),
  }
  static override flags = {
    out: Flags.string({
      char: 'o',
      description: 'Folder for the Parquet files.',
      required: true,
      helpValue: 'DIR',
    }),
    dataset: Flags.string({
      char: 'd',
      description: 'Dataset of the files. [default: by their names]',
      helpValue: 'NAME',
    }),
  }

  protected async perform(context: CommandContext): Promise<Outcome<TransformFilesResult>> {
    const { transformFiles } = await import('../operate/transform-files.js')
    const { reporter, signal } = context
    const { dataset, out } = this.flags
    const result = await transformFiles({
      files: this.args.file,
      out,
      dataset,
      datasets: context.config.datasets,
      signal,
      onEvent: (file, event) => {
        if (event.type === 'warning') context.warn(`${file}: ${event.message}`)
        else if (event.type === 'stage' && event.state === 'finished')
          reporter.info(`${file}: ${event.stage} (${formatDuration(event.durationMs ?? 0)})`)
      },
    })
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
    const bytes = result.outputs.reduce((sum, output) => sum + output.bytes, 0)
    reporter.info(
      `${formatCount(result.outputs.length)} Parquet files, ${formatBytes(bytes)}, in ${out} (${formatDuration(result.durationMs)})`,
    )
    for (const { csv, rows } of result.rejects) reporter.info(`${formatCount(rows)} rejected rows: ${csv}`)
    return { result }
  }
}
