import { Args, Flags } from '@oclif/core'
import { UsageError } from '../../errors.js'
import type { RollbackResult } from '../../operate/image/rollback.js'
import { DatapipeCommand, type CommandContext, type Outcome } from '../../ui/command.js'

/** With --clear: what was pinned. */
interface ClearResult {
  cleared: string | null
}

export default class ImageRollback extends DatapipeCommand<
  RollbackResult | ClearResult,
  typeof ImageRollback
> {
  static override summary = 'Deploy an older container image, and keep it deployed.'
  static override description = `Registers a revision of the task definition with that image, by digest; tasks that run go on with the one they have. \
The image stays pinned: \`up\` and \`plan\` keep it, whatever version of datapipe runs them, until --clear.`
  static override examples = [
    {
      description: 'Back to the image before the one that is deployed',
      command: '<%= config.bin %> <%= command.id %> --env prod',
    },
    '<%= config.bin %> <%= command.id %> src-0123456789abcdef --env prod',
    {
      description: 'Forward again: unpin, then let `up` build and deploy the image of its version',
      command: '<%= config.bin %> <%= command.id %> --clear --env prod && <%= config.bin %> up --env prod',
    },
  ]
  static override args = {
    tag: Args.string({ description: 'Image to deploy. Left out: the one before the deployed one.' }),
  }
  static override flags = {
    clear: Flags.boolean({ description: 'Unpin, so that the next `up` deploys the image of its version.' }),
  }

  protected async perform(context: CommandContext): Promise<Outcome<RollbackResult | ClearResult>> {
    const { clear } = this.flags
    const { tag } = this.args
    if (clear && tag !== undefined) {
      throw new UsageError('CONFLICTING_ARGUMENTS', 'Give a tag, or --clear, but not both.')
    }
    const aws = await context.aws()
    const { environment, reporter, signal } = context
    const { rollback, unpin } = await import('../../operate/image/rollback.js')
    if (clear) {
      const cleared = await unpin(aws, environment)
      reporter.out(
        cleared === undefined
          ? 'Nothing was pinned.'
          : `${cleared} is not pinned any more. Deploy the image of this version: datapipe up --env ${context.env}`,
      )
      return { result: { cleared: cleared ?? null } }
    }
    const result = await rollback(aws, environment, tag, { signal, onEvent: reporter.engine })
    const from =
      result.previous === null ? '' : ` instead of ${result.previous.tag ?? result.previous.digest}`
    reporter.out(
      result.action === 'unchanged'
        ? `${result.tag} was deployed already; it is pinned now.`
        : `The next task runs ${result.tag}${from}, and \`up\` keeps it.`,
    )
    reporter.info(`To end that: datapipe image rollback --clear --env ${context.env}`)
    return { result }
  }
}
