import { Flags } from '@oclif/core'
import { UsageError } from '../../errors.js'
import { DatapipeCommand, type CommandContext, type Outcome } from '../../ui/command.js'
import { plural } from '../../ui/format.js'

export interface PurgeResult {
  /** As SQS counts: approximately. */
  purged: number
}

export default class DlqPurge extends DatapipeCommand<PurgeResult, typeof DlqPurge> {
  static override summary = 'Forget all failed files.'
  static override description =
    'Deletes every message of the failed-files queue, also those that arrive within the next minute. The files themselves stay where they are.'
  static override examples = ['<%= config.bin %> <%= command.id %> --env dev --yes']
  static override flags = {
    yes: Flags.boolean({ char: 'y', description: 'Yes, delete all messages.' }),
  }

  protected async perform(context: CommandContext): Promise<Outcome<PurgeResult>> {
    if (!this.flags.yes) {
      throw new UsageError('CONFIRMATION_REQUIRED', 'This would delete every message about a failed file.', {
        suggestions: [
          `Look at them: datapipe dlq list --env ${context.env}`,
          'Then run the same command with --yes.',
        ],
      })
    }
    const { purgeFailed } = await import('../../operate/run/dlq/list.js')
    const result = await purgeFailed(await context.aws())
    context.reporter.info(`Deleted ${plural(result.purged, 'message')}.`)
    return { result }
  }
}
