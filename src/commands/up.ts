import { Flags } from '@oclif/core'
import { DatapipeError, UsageError } from '../errors.js'
import type { UpResult } from '../operate/provision/up.js'
import { DatapipeCommand, type CommandContext, type Outcome } from '../ui/command.js'
import { canAsk, confirm } from '../ui/confirm.js'
import { renderPlan } from '../ui/plan.js'
import { renderSummary } from '../ui/summary.js'

export default class Up extends DatapipeCommand<UpResult, typeof Up> {
  static override summary = 'Create the environment, or make it what datapipe.yaml says.'
  static override description = `Idempotent: whatever an earlier run left half-done is continued, and a second run changes nothing.
On a terminal it shows the plan and asks; elsewhere it asks nothing, but it refuses to replace or delete without --yes.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> --env local',
    '<%= config.bin %> <%= command.id %> --env dev --yes',
  ]
  static override flags = {
    yes: Flags.boolean({
      char: 'y',
      description: 'Do not ask, also where something is replaced or deleted.',
    }),
    adopt: Flags.string({
      description:
        'Take over this resource, which exists and lacks our tags. `down` keeps it unless --delete-data is given.',
      multiple: true,
      helpValue: 'ID',
    }),
  }

  protected async perform(context: CommandContext): Promise<Outcome<UpResult>> {
    await startEmbedded(context)
    const aws = await context.aws()
    const { environment, reporter, signal } = context
    const said = new Set<string>()
    // What stands above the question is not said again below it.
    const onWarning = (message: string) => {
      if (!said.has(message)) context.warn(message)
      said.add(message)
    }
    const request = { adopt: new Set(this.flags.adopt), signal, onEvent: reporter.engine, onWarning }
    if (!this.flags.yes && canAsk() && !this.jsonEnabled()) {
      const { plan } = await import('../operate/provision/plan.js')
      const planned = await plan(aws, environment, { ...request, onEvent: () => undefined })
      if (planned.resources.some(({ action }) => action !== 'unchanged')) {
        reporter.info(renderPlan(planned.resources, planned.cost, reporter.colors))
        if (!(await confirm(`\nDo this in account ${aws.account}, ${aws.region}?`, signal))) {
          throw new DatapipeError('NOT_CONFIRMED', 'Nothing was done.')
        }
      }
    }
    const { up } = await import('../operate/provision/up.js')
    const result = await up(aws, environment, {
      ...request,
      authorize: (destructive) => {
        if (this.flags.yes || (canAsk() && !this.jsonEnabled())) return
        throw new UsageError(
          'CONFIRMATION_REQUIRED',
          `This would replace or delete ${destructive.join(', ')}.`,
          {
            suggestions: ['Look at it with `datapipe plan`.', 'Then run the same command with --yes.'],
          },
        )
      },
    })
    reporter.out(renderSummary(result))
    return { result }
  }
}

/** The embedded AWS needs no command of its own: an `up` that wants it starts it. */
async function startEmbedded(context: CommandContext): Promise<void> {
  if (context.environment.endpoint !== 'embedded') return
  const { startEmbedded } = await import('../local/moto/start.js')
  await startEmbedded({ signal: context.signal, onEvent: ({ message }) => context.reporter.info(message) })
}
