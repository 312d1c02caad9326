import { Flags } from '@oclif/core'
import { ExitCode } from '../../errors.js'
import type { ActivateResult } from '../../operate/datasync/activate.js'
import type { Step } from '../../operate/datasync/steps.js'
import { DatapipeCommand, type CommandContext, type Outcome } from '../../ui/command.js'

/** Without an address: what to prepare. */
export type DatasyncActivateResult =
  (ActivateResult & { status: 'activated' }) | { status: 'to-prepare'; steps: Step[] }

export default class DatasyncActivate extends DatapipeCommand<
  DatasyncActivateResult,
  typeof DatasyncActivate
> {
  static override summary = 'Activate the DataSync agent that stands beside the file server.'
  static override description = `Without --agent-address it tells, step by step, what only a person can do: deploy the virtual machine, open the firewall,
provide a user. It ends with exit code 6 then, because nothing is activated yet.

With it, the agent is asked for its activation key over HTTP on port 80, made known to AWS under the tags of this environment, and
waited for until it is online. The key is never shown. Run it on a machine in the network of the agent.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> --env prod',
    '<%= config.bin %> <%= command.id %> --agent-address 192.168.1.20 --env prod',
    {
      description: 'An agent that reaches AWS through a VPC endpoint only',
      command:
        '<%= config.bin %> <%= command.id %> --agent-address 192.168.1.20 --private-endpoint vpce-0123456789abcdef0',
    },
    {
      description: 'A new virtual machine for one that is lost',
      command: '<%= config.bin %> <%= command.id %> --agent-address 192.168.1.21 --replace',
    },
  ]
  static override flags = {
    'agent-address': Flags.string({
      description: 'Address of the agent, as the console of its virtual machine shows it.',
      helpValue: 'HOST[:PORT]',
    }),
    'private-endpoint': Flags.string({
      description: 'VPC endpoint for DataSync that the agent uses instead of the internet.',
      helpValue: 'VPCE-ID',
      dependsOn: ['agent-address'],
    }),
    subnet: Flags.string({
      description: 'Which subnet of the endpoint. [default: its first]',
      helpValue: 'SUBNET-ID',
      dependsOn: ['private-endpoint'],
    }),
    replace: Flags.boolean({
      description: 'Take the place of the agent there is; the next `up` deletes that.',
      dependsOn: ['agent-address'],
    }),
  }

  protected async perform(context: CommandContext): Promise<Outcome<DatasyncActivateResult>> {
    const { environment, reporter, signal } = context
    const { requireDatasync } = await import('../../operate/datasync/configured.js')
    requireDatasync(environment)
    const { 'agent-address': address, 'private-endpoint': privateEndpoint, replace, subnet } = this.flags
    if (address === undefined) return this.#prepare(context)
    const { activate } = await import('../../operate/datasync/activate.js')
    const result = await activate(await context.aws(), environment, {
      address,
      replace,
      signal,
      onProgress: (message) => {
        reporter.info(message)
      },
      ...(privateEndpoint === undefined ? {} : { privateEndpoint }),
      ...(subnet === undefined ? {} : { subnet }),
    })
    if (result.action === 'already') reporter.info('The agent was activated before and is online.')
    reporter.out(result.agentArn)
    reporter.info(`Make what copies, or point it to the new agent: datapipe up --env ${context.env}`)
    return { result: { status: 'activated', ...result } }
  }

  async #prepare({ environment, reporter }: CommandContext): Promise<Outcome<DatasyncActivateResult>> {
    const { activationSteps } = await import('../../operate/datasync/steps.js')
    const steps = activationSteps(environment, environment.region ?? '<region>')
    for (const [index, { details, title }] of steps.entries()) {
      reporter.out(`${index === 0 ? '' : '\n'}${index + 1}. ${title}`)
      for (const detail of details) reporter.out(`   - ${detail}`)
    }
    return { result: { status: 'to-prepare', steps }, exitCode: ExitCode.pending }
  }
}
