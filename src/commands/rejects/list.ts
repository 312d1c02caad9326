import { Args, Flags } from '@oclif/core'
import type { RejectsList } from '../../operate/rejects/list.js'
import { DatapipeCommand, type CommandContext, type Outcome } from '../../ui/command.js'
import { formatCount } from '../../ui/format.js'

const ID_LENGTH = 14
const LONGEST_REASON = 60

export default class RejectsListCommand extends DatapipeCommand<RejectsList, typeof RejectsListCommand> {
  static override readonly onlyReads = true
  static override summary = 'Show which files have rejected rows.'
  static override description = `One line per version of a file. quarantined: too many of its rows are bad, nothing of it was published, and nothing loads it \
again by itself. published: its other rows are in the table. The rows are a table too: \
datapipe query "select * from datapipe_rejects".`
  static override examples = [
    '<%= config.bin %> <%= command.id %> --env dev',
    '<%= config.bin %> <%= command.id %> temperature --all --json',
  ]
  static override args = { dataset: Args.string({ description: 'Only of this dataset.' }) }
  static override flags = {
    all: Flags.boolean({ description: 'Also versions that a newer one has replaced.' }),
  }

  protected async perform(context: CommandContext): Promise<Outcome<RejectsList>> {
    const { listRejects } = await import('../../operate/rejects/list.js')
    const { requireKnownDataset } = await import('../../operate/known-dataset.js')
    const { env, reporter, signal } = context
    const request = { dataset: this.args.dataset, all: this.flags.all }
    const aws = await context.aws()
    await requireKnownDataset(aws, request.dataset, context.environment.datasets, signal)
    const result = await listRejects(aws, request, signal)
    const { sources } = result
    if (sources.length === 0) {
      reporter.info('No row was rejected.')
      return { result }
    }
    reporter.table(
      ['FINISHED', 'STATE', 'FILE', 'REJECTED', 'ROWS IN', 'FIRST REASON', 'RUN'],
      sources.map((source) => [
        source.finishedAt.slice(0, 19).replace('T', ' '),
        source.state,
        source.source.key.replace(/^inbox\//, ''),
        formatCount(source.rowsRejected),
        formatCount(source.rowsIn),
        shortened(source.reasons),
        source.run.slice(0, ID_LENGTH),
      ]),
    )
    const [first] = sources
    reporter.info(
      `Which rows and why: datapipe rejects show ${first?.run.slice(0, ID_LENGTH) ?? ''} --env ${env}`,
    )
    if (sources.some(({ state }) => state === 'quarantined')) {
      reporter.info(
        `When the reason is gone: datapipe rejects replay ${first?.dataset ?? ''} --watch --env ${env}`,
      )
    }
    return { result }
  }
}

function shortened(reasons: readonly string[]): string {
  const [first = '', ...others] = reasons
  const text = first.length > LONGEST_REASON ? `${first.slice(0, LONGEST_REASON - 1)}…` : first
  return others.length === 0 ? text : `${text} (and others)`
}
