import { Args, Flags } from '@oclif/core'
import { resolve } from 'node:path'
import type { ExportResult } from '../../operate/rejects/export.js'
import { DatapipeCommand, type CommandContext, type Outcome } from '../../ui/command.js'
import { plural } from '../../ui/format.js'

export default class RejectsExport extends DatapipeCommand<ExportResult, typeof RejectsExport> {
  static override summary = 'Write the rejected rows of a file to this machine.'
  static override description = `A .csv file gets the rows as they stand in the file, under its header, so that they can be corrected and uploaded; beside it \
<name>.reasons.csv tells, for each line of it, the line in the original, the column and the reason. A .parquet file gets \
everything that is known of each row, for analysis.

Upload corrected rows under a name of their own: a file replaces what an earlier one of the same name brought.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> temperature/20230703_measurement_data.csv --out corrected.csv',
    '<%= config.bin %> <%= command.id %> o-3f2a9c41 --out rejects.parquet',
  ]
  static override args = {
    file: Args.string({
      description: 'DATASET/FILE, the key of a file, or the id of a run (see rejects list).',
      required: true,
    }),
  }
  static override flags = {
    out: Flags.string({
      char: 'o',
      description: 'File to write, .csv or .parquet.',
      helpValue: 'FILE',
      required: true,
    }),
    reason: Flags.string({ description: 'Only rows whose reason contains this.', helpValue: 'TEXT' }),
    overwrite: Flags.boolean({ description: 'Replace files that are there.' }),
  }

  protected async perform(context: CommandContext): Promise<Outcome<ExportResult>> {
    const { exportRejects } = await import('../../operate/rejects/export.js')
    const { cwd, env, reporter, signal } = context
    const { out, overwrite, reason } = this.flags
    const request = { selector: this.args.file, out: resolve(cwd, out), overwrite, reason }
    const result = await exportRejects(await context.aws(), request, signal)
    for (const { path, reasons, rows } of result.files) {
      reporter.out(path)
      reporter.info(
        `${plural(rows, 'row')} of ${result.source.key}${reasons === null ? '' : `; why, line by line: ${reasons}`}`,
      )
    }
    if (result.withoutText > 0) {
      context.warn(
        `The text of ${plural(result.withoutText, 'row')} is not kept whole (personal data, or longer than 64 Ki characters): they are only among the reasons.`,
      )
    }
    if (result.encoding !== null) {
      context.warn(
        `The original file is ${result.encoding}, this one is UTF-8: convert it before you upload it into the same dataset.`,
      )
    }
    if (result.files.some(({ reasons }) => reasons !== null)) {
      reporter.info(
        `Correct it, and upload it under a name of its own: datapipe upload FILE --dataset ${result.dataset} --env ${env}`,
      )
    }
    return { result }
  }
}
