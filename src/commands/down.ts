import { Flags } from '@oclif/core'
import { DatapipeError } from '../errors.js'
import type { AwsContext } from '../aws/context.js'
import type { DownResult } from '../operate/provision/down.js'
import { DatapipeCommand, type CommandContext, type Outcome } from '../ui/command.js'
import { ask, canAsk } from '../ui/confirm.js'
import { renderDown } from '../ui/down.js'

export default class Down extends DatapipeCommand<DownResult, typeof Down> {
  static override summary = 'Remove the environment, and prove that it is gone.'
  static override description = `Buckets with data, the catalog and the key they need are kept unless --delete-data is given, with the name of the environment.
It ends with a look at everything of the environment in its account and region, by name and by tag: "verified empty", or what is left and what it costs.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> --env dev --confirm dev',
    {
      description: 'Everything, with all versions of all data',
      command: '<%= config.bin %> <%= command.id %> --env dev --delete-data --confirm dev',
    },
    {
      description: 'The same on the embedded AWS, where --yes is enough',
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
    yes: Flags.boolean({
      char: 'y',
      description:
        'Do not ask. Enough for --env local; elsewhere not with --delete-data, not for a protected environment, and not without --env and a configuration file.',
    }),
  }

  protected async perform(context: CommandContext): Promise<Outcome<DownResult>> {
    const { environment, reporter, signal } = context
    const { consentToDown } = await import('../operate/provision/consent.js')
    // Before anything is looked at: who cannot be asked must have said it.
    const consent = consentToDown({
      environment,
      deleteData: this.flags['delete-data'],
      confirm: this.flags.confirm,
      yes: this.flags.yes,
      isNamed: process.env.DATAPIPE_ENV === undefined || this.#isNamed(),
      isConfigured: context.configPath !== undefined,
      canAsk: canAsk() && !this.jsonEnabled(),
    })
    const aws = await context.aws()
    if (consent === 'ask') await this.#ask(aws, signal)
    const { down } = await import('../operate/provision/down.js')
    try {
      const result = await down(aws, environment, {
        deleteData: this.flags['delete-data'],
        signal,
        onEvent: reporter.engine,
        onWarning: (message) => {
          context.warn(message)
        },
      })
      reporter.out(renderDown(result, aws))
      return { result }
    } catch (error) {
      if (error instanceof DatapipeError && isDownResult(error.result)) {
        reporter.out(renderDown(error.result, aws))
      }
      throw error
    }
  }

  #isNamed(): boolean {
    return this.argv.some((word) => /^(--env(=|$)|-e)/.test(word))
  }

  async #ask({ account, env, project, region }: AwsContext, signal: AbortSignal): Promise<void> {
    const what = this.flags['delete-data'] ? 'and ALL ITS DATA' : 'but not its data'
    const place = `project ${project}, account ${account}, ${region}`
    const question = `This removes ${env} (${place}), ${what}. Type its name to go on: `
    if ((await ask(question, signal)) !== env)
      throw new DatapipeError('NOT_CONFIRMED', 'Nothing was removed.')
  }
}

/** An error may have another result: that of LEASE_HELD is the lease. */
function isDownResult(result: unknown): result is DownResult {
  return typeof result === 'object' && result !== null && 'verifiedEmpty' in result
}
