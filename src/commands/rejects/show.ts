import { Args, Flags } from '@oclif/core'
import type { ShownRejects } from '../../operate/rejects/show.js'
import { DatapipeCommand, type CommandContext, type Outcome } from '../../ui/command.js'
import { plural } from '../../ui/format.js'

const LONGEST_RAW = 80
/** As much of a run's id as tells it from others on one screen. */
const ID_LENGTH = 14

export default class RejectsShow extends DatapipeCommand<ShownRejects, typeof RejectsShow> {
  static override summary = 'Show the rejected rows of a file: line, column, reason, text.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> temperature/20230703_measurement_data.csv --env dev',
    '<%= config.bin %> <%= command.id %> o-3f2a9c41 --reason "not a date" --limit 100',
  ]
  static override args = {
    file: Args.string({
      description: 'DATASET/FILE, the key of a file, or the id of a run (see rejects list).',
      required: true,
    }),
  }
  static override flags = {
    limit: Flags.integer({ char: 'n', description: 'Rows at most.', min: 1, default: 20, helpValue: 'N' }),
    reason: Flags.string({ description: 'Only rows whose reason contains this.', helpValue: 'TEXT' }),
  }

  protected async perform(context: CommandContext): Promise<Outcome<ShownRejects>> {
    const { showRejects } = await import('../../operate/rejects/show.js')
    const { env, reporter, signal } = context
    const request = { selector: this.args.file, ...this.flags }
    const result = await showRejects(await context.aws(), request, signal)
    const { matching, rows, rowsRejected, status } = result
    const run = result.run.slice(0, ID_LENGTH)
    if (rows.length === 0)
      reporter.info(`None of the ${plural(rowsRejected, 'rejected row')} has such a reason.`)
    else {
      const hasInputs = rows.some(({ input }) => input !== null)
      reporter.table(
        [...(hasInputs ? ['SHEET'] : []), 'LINE', 'COLUMN', 'REASON', 'TEXT'],
        rows.map(({ column, input, line, raw, reason }) => [
          ...(hasInputs ? [input] : []),
          line,
          column ?? '',
          reason,
          raw === null ? '(withheld)' : shortened(raw),
        ]),
      )
    }
    if (matching > rows.length) {
      reporter.info(
        `${rows.length} of ${plural(matching, 'row')}. All of them: datapipe rejects export ${run} --out rejects.csv --env ${env}`,
      )
    }
    if (status === 'rejected') {
      reporter.info(
        `Nothing of this file was published. When the reason is gone: datapipe rejects replay --run ${run} --watch --env ${env}`,
      )
    }
    return { result }
  }
}

function shortened(raw: string): string {
  return raw.length > LONGEST_RAW ? `${raw.slice(0, LONGEST_RAW - 1)}…` : raw
}
