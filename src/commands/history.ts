import { Args, Flags } from '@oclif/core'
import type { HistoryResult } from '../operate/history/history.js'
import { DatapipeCommand, type CommandContext, type Outcome } from '../ui/command.js'
import { formatCount, formatDuration } from '../ui/format.js'

/** As much of a run's id as tells it from others on one screen. */
const ID_LENGTH = 14

export default class History extends DatapipeCommand<HistoryResult, typeof History> {
  static override readonly onlyReads = true
  static override summary = 'Show what was loaded, the latest first.'
  static override description = `One line per version of a file, from the records that every load leaves. They are a table too: \
datapipe query "select * from datapipe_runs".`
  static override examples = [
    '<%= config.bin %> <%= command.id %> --env dev',
    '<%= config.bin %> <%= command.id %> temperature --status failed --limit 5',
  ]
  static override args = { dataset: Args.string({ description: 'Only of this dataset.' }) }
  static override flags = {
    limit: Flags.integer({ char: 'n', description: 'Lines at most.', min: 1, default: 20, helpValue: 'N' }),
    status: Flags.option({
      options: ['succeeded', 'failed', 'rejected', 'superseded', 'rolled_back'] as const,
      description: 'Only loads that ended so.',
    })(),
  }

  protected async perform(context: CommandContext): Promise<Outcome<HistoryResult>> {
    const { history } = await import('../operate/history/history.js')
    const { requireKnownDataset } = await import('../operate/known-dataset.js')
    const { limit, status } = this.flags
    const { dataset } = this.args
    const aws = await context.aws()
    await requireKnownDataset(aws, dataset, context.environment.datasets, context.signal)
    const result = await history(aws, { dataset, limit, status }, context.signal)
    if (result.runs.length === 0) {
      context.reporter.info('Nothing was loaded yet.')
      return { result }
    }
    context.reporter.table(
      ['FINISHED', 'STATUS', 'DATASET', 'FILE', 'ROWS IN', 'ROWS OUT', 'REJECTED', 'TIME', 'RUN'],
      result.runs.map((run) => [
        run.finishedAt.slice(0, 19).replace('T', ' '),
        run.quarantined === true ? 'quarantined' : run.status,
        run.dataset,
        run.source.key.split('/').at(-1),
        formatCount(run.rowsIn),
        formatCount(run.rowsOut),
        formatCount(run.rowsRejected),
        formatDuration(run.durationMs),
        run.runId.slice(0, ID_LENGTH),
      ]),
    )
    return { result }
  }
}
