import { Args, Flags } from '@oclif/core'
import { DatapipeError, UsageError } from '../errors.js'
import type { RollbackPlan } from '../operate/rollback/plan.js'
import type { RollbackResult } from '../operate/rollback/rollback.js'
import { DatapipeCommand, type CommandContext, type Outcome } from '../ui/command.js'
import { canAsk, confirm } from '../ui/confirm.js'
import { plural } from '../ui/format.js'

export default class Rollback extends DatapipeCommand<RollbackResult, typeof Rollback> {
  static override summary =
    'Take the last load of a dataset out of its tables again, or all loads after a run.'
  static override description = `Rows that the withdrawn loads replaced come back, as long as they are kept (7 days). The raw files stay where they are; a \
version that was rolled back is not loaded again by itself, a newer one is. To load it after all: datapipe run --file KEY.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> orders --env dev',
    {
      description: 'As it was right after a run (see history)',
      command: '<%= config.bin %> <%= command.id %> orders --to o-3f2a9c41 --yes',
    },
  ]
  static override args = { dataset: Args.string({ description: 'The dataset.', required: true }) }
  static override flags = {
    to: Flags.string({
      description: 'Go back to what the tables were right after this run.',
      helpValue: 'RUN',
    }),
    yes: Flags.boolean({ char: 'y', description: 'Do not ask.' }),
  }

  protected async perform(context: CommandContext): Promise<Outcome<RollbackResult>> {
    const { reporter, signal } = context
    if (!this.flags.yes && (!canAsk() || this.jsonEnabled())) {
      throw new UsageError(
        'CONFIRMATION_REQUIRED',
        'A roll-back needs a confirmation, and there is no terminal to ask on.',
        { suggestions: ['Add --yes.'] },
      )
    }
    const aws = await context.aws()
    const { requireKnownDataset } = await import('../operate/known-dataset.js')
    await requireKnownDataset(aws, this.args.dataset, context.environment.datasets, signal)
    const { planRollback } = await import('../operate/rollback/plan.js')
    const plan = await planRollback(aws, this.args.dataset, this.flags.to, signal)
    const { dataset } = plan
    if (plan.withdrawals.length === 0) {
      reporter.info(`Nothing to do: no load of ${dataset} came after that run.`)
      return { result: { dataset, sources: [] } }
    }
    reporter.table(['TAKEN OUT', 'FILE', 'INSTEAD'], rows(plan))
    if (
      !this.flags.yes &&
      !(await confirm(`Take ${plural(count(plan), 'load')} out of ${dataset}?`, signal))
    ) {
      throw new DatapipeError('NOT_CONFIRMED', 'Nothing was changed.')
    }
    const { rollback } = await import('../operate/rollback/rollback.js')
    const { inWorkshop, lakeOf } = await import('../operate/lake.js')
    const result = await inWorkshop(signal, (workshop) =>
      rollback(lakeOf(aws), plan, workshop, ({ source, skipped }) =>
        reporter.info(
          `${source}: ${skipped ? 'left alone, a newer version was loaded meanwhile' : 'rolled back'}`,
        ),
      ),
    )
    return { result }
  }
}

function count({ withdrawals }: RollbackPlan): number {
  return withdrawals.reduce((sum, { runs }) => sum + runs.length, 0)
}

function rows({ withdrawals }: RollbackPlan): string[][] {
  return withdrawals.flatMap(({ runs, back }) =>
    runs.map((run) => [
      run.runId.slice(0, 14),
      run.source.key,
      back === undefined ? 'no rows of this file' : `the version of ${back.finishedAt.slice(0, 19)}`,
    ]),
  )
}
