import { Flags } from '@oclif/core'
import { DatapipeError, UsageError } from '../errors.js'
import type { DownResult } from '../operate/provision/down.js'
import { DatapipeCommand, type CommandContext, type Outcome } from '../ui/command.js'
import { ask, canAsk } from '../ui/confirm.js'
import { renderDown } from '../ui/down.js'

export default class Down extends DatapipeCommand<DownResult, typeof Down> {
  static override summary = 'Remove the environment, and prove that it is gone.'
  static override description = `Buckets with data, the catalog and the key they need are kept unless --delete-data is given.
It ends with a look at everything that carries the tags of the environment: "verified empty", or what is left and what it costs.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> --env dev --confirm dev',
    {
      description: 'Everything, with all versions of all data',
      command: '<%= config.bin %> <%= command.id %> --env local --delete-data --yes',
    },
  ]
  static override flags = {
    'delete-data': Flags.boolean({
      description: 'Delete the data too: all objects, all versions, the catalog, the key.',
    }),
    confirm: Flags.string({
      description: 'The name of the environment, instead of being asked for it.',
      helpValue: 'ENV',
    }),
    yes: Flags.boolean({ char: 'y', description: 'Do not ask. Not enough for a protected environment.' }),
  }

  protected async perform(context: CommandContext): Promise<Outcome<DownResult>> {
    await this.#confirm(context)
    const { down } = await import('../operate/provision/down.js')
    const { environment, reporter, signal } = context
    const aws = await context.aws()
    try {
      const result = await down(aws, environment, {
        deleteData: this.flags['delete-data'],
        signal,
        onEvent: reporter.engine,
      })
      reporter.out(renderDown(result, environment.name))
      return { result }
    } catch (error) {
      if (error instanceof DatapipeError && error.result !== undefined) {
        reporter.out(renderDown(error.result as DownResult, environment.name))
      }
      throw error
    }
  }

  /** Before anything is looked at: who cannot be asked must have said it. */
  async #confirm({ environment, signal }: CommandContext): Promise<void> {
    const { confirm, yes } = this.flags
    const { name, protect } = environment
    if (confirm !== undefined) {
      if (confirm === name) return
      throw new UsageError(
        'CONFIRMATION_WRONG',
        `--confirm says ${confirm}, but the environment is ${name}.`,
        {
          suggestions: [`To remove it: datapipe down --env ${name} --confirm ${name}`],
        },
      )
    }
    if (yes && !protect) return
    if (protect) {
      throw new UsageError(
        'ENVIRONMENT_PROTECTED',
        `${name} is protected: --yes and a prompt are not enough.`,
        {
          suggestions: [`To remove it all the same: datapipe down --env ${name} --confirm ${name}`],
        },
      )
    }
    if (!canAsk() || this.jsonEnabled()) {
      throw new UsageError(
        'CONFIRMATION_REQUIRED',
        `Removing ${name} needs a confirmation, and there is no terminal to ask on.`,
        {
          suggestions: [`Add --confirm ${name}, or --yes.`],
        },
      )
    }
    const what = this.flags['delete-data'] ? 'and ALL ITS DATA' : 'but not its data'
    if ((await ask(`This removes ${name}, ${what}. Type its name to go on: `, signal)) !== name) {
      throw new DatapipeError('NOT_CONFIRMED', 'Nothing was removed.')
    }
  }
}
