import { Flags } from '@oclif/core'
import { ExitCode } from '../errors.js'
import type { StatusResult } from '../operate/provision/status.js'
import { DatapipeCommand, type CommandContext, type Outcome } from '../ui/command.js'
import { renderStatus } from '../ui/status.js'

export default class Status extends DatapipeCommand<StatusResult, typeof Status> {
  static override readonly onlyReads = true
  static override summary =
    'Show what exists, what drifted, what is in the tables, what ran, and what it costs.'
  static override description = 'Reads AWS and changes nothing. Takes no lease.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> --env dev',
    {
      description: 'For a monitor: exit code 6 when something is missing or was changed by hand',
      command: '<%= config.bin %> <%= command.id %> --env prod --detailed-exitcode --quiet',
    },
  ]
  static override flags = {
    all: Flags.boolean({
      char: 'a',
      description: 'List every resource, not only those that are not as they should be.',
    }),
    'detailed-exitcode': Flags.boolean({ description: 'Exit with 6 when something is missing or drifted.' }),
  }

  protected async perform(context: CommandContext): Promise<Outcome<StatusResult>> {
    const { status } = await import('../operate/provision/status.js')
    const { environment, reporter, signal } = context
    const result = await status(await context.aws(), environment, { signal, onEvent: reporter.engine })
    renderStatus(result, { env: environment.name, all: this.flags.all }, reporter)
    const drifted = result.resources.some(({ state }) => state !== 'ok')
    return { result, exitCode: drifted && this.flags['detailed-exitcode'] ? ExitCode.pending : ExitCode.ok }
  }
}
