import { Flags } from '@oclif/core'
import { ExitCode } from '../errors.js'
import type { DriftResult } from '../operate/drift/drift.js'
import { DatapipeCommand, type CommandContext, type Outcome } from '../ui/command.js'
import { renderDrift } from '../ui/drift.js'

export default class Drift extends DatapipeCommand<DriftResult, typeof Drift> {
  static override readonly onlyReads = true
  static override summary = 'Show what somebody changed in AWS since the last `up`, and nothing else.'
  static override description = `What was changed, deleted or untagged by hand, what has our name but not our tags, and what has our tags but is unknown.
AWS is compared with what the last \`up\` was asked for, which that noted in the artifacts bucket; edits of datapipe.yaml since then are no drift, \`datapipe plan\` shows them. Without the note AWS is compared with datapipe.yaml, and its edits show too. Who changed something, and when, only CloudTrail knows; what datapipe does not set it does not compare.
Reads AWS and changes nothing, takes no lease. \`datapipe up\` puts back what it shows, except what is foreign or double.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> --env dev',
    {
      description: 'From cron: says nothing when there is nothing to say, exit code 6 when there is',
      command: '<%= config.bin %> <%= command.id %> --env prod --detailed-exitcode --quiet',
    },
  ]
  static override flags = {
    'detailed-exitcode': Flags.boolean({ description: 'Exit with 6 when something drifted.' }),
  }

  protected async perform(context: CommandContext): Promise<Outcome<DriftResult>> {
    const { drift } = await import('../operate/drift/drift.js')
    const { environment, reporter, signal } = context
    const result = await drift(await context.aws(), environment, {
      signal,
      onEvent: reporter.engine,
      onWarning: (message) => context.warn(message),
    })
    renderDrift(result, environment.name, reporter)
    const drifted = result.drift.length > 0
    return { result, exitCode: drifted && this.flags['detailed-exitcode'] ? ExitCode.pending : ExitCode.ok }
  }
}
