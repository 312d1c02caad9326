import { Flags } from '@oclif/core'
import { ExitCode } from '../errors.js'
import type { PlanResult } from '../operate/provision/plan.js'
import { DatapipeCommand, type CommandContext, type Outcome } from '../ui/command.js'
import { renderPlan } from '../ui/plan.js'

export default class Plan extends DatapipeCommand<PlanResult, typeof Plan> {
  static override readonly onlyReads = true
  static override summary = 'Show what `up` would do, property by property, and what it would cost.'
  static override description = 'Reads AWS and changes nothing. Takes no lease, so it can run beside an `up`.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> --env dev',
    {
      description: 'In CI: exit code 6 when something would change',
      command: '<%= config.bin %> <%= command.id %> --env prod --detailed-exitcode',
    },
  ]
  static override flags = {
    'detailed-exitcode': Flags.boolean({ description: 'Exit with 6 when something would change.' }),
    adopt: Flags.string({
      description: 'Plan as if `up --adopt` took over this resource.',
      multiple: true,
      helpValue: 'ID',
    }),
  }

  protected async perform(context: CommandContext): Promise<Outcome<PlanResult>> {
    const { plan } = await import('../operate/provision/plan.js')
    const { reporter, signal } = context
    const result = await plan(await context.aws(), context.environment, {
      adopt: new Set(this.flags.adopt),
      signal,
      onEvent: reporter.engine,
      onWarning: (message) => context.warn(message),
    })
    reporter.out(renderPlan(result.resources, result.cost, reporter.colors))
    const pending = result.resources.some(({ action }) => action !== 'unchanged')
    return { result, exitCode: pending && this.flags['detailed-exitcode'] ? ExitCode.pending : ExitCode.ok }
  }
}
