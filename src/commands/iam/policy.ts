import { Flags } from '@oclif/core'
import type { IamPolicyResult } from '../../operate/iam/policy.js'
import { DatapipeCommand, type CommandContext, type Outcome } from '../../ui/command.js'
import type { Reporter } from '../../ui/reporter.js'

export default class IamPolicy extends DatapipeCommand<IamPolicyResult, typeof IamPolicy> {
  static override readonly onlyReads = true
  static override summary = 'Print the least-privilege IAM policy for whoever works with an environment.'
  static override description = `Generated from what the environment consists of, so it follows the configuration. Reads and changes nothing on AWS; with \
\`account\` and \`region\` in datapipe.yaml it needs no login either. A policy larger than IAM takes is printed as several: attach all of them.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> --env prod',
    {
      description: 'For the machine that runs `datapipe upload` from cron',
      command: '<%= config.bin %> <%= command.id %> --env prod --for upload > upload.json',
    },
    {
      description: 'One document of several, for a file of its own',
      command: '<%= config.bin %> <%= command.id %> --env prod --document 2 > deployer-2.json',
    },
  ]
  static override flags = {
    for: Flags.option({
      options: ['deployer', 'upload', 'operator'] as const,
      default: 'deployer' as const,
      description:
        'deployer: up, down, image build and rollback, datasync activate. upload: upload. operator: run, history, show, rollback, compact, plan, status, cost, query, image list, dlq, crawl, datasync run and status.',
    })(),
    document: Flags.integer({
      description: 'Print only this one of several documents.',
      min: 1,
      helpValue: 'N',
    }),
  }

  protected async perform(context: CommandContext): Promise<Outcome<IamPolicyResult>> {
    const { environment, reporter } = context
    const [{ iamPolicy }, { offlineContext }, { chooseDocument }] = await Promise.all([
      import('../../operate/iam/policy.js'),
      import('../../operate/iam/offline.js'),
      import('../../operate/iam/choose.js'),
    ])
    const aws = offlineContext(environment) ?? (await context.aws())
    const all = iamPolicy(aws, environment, this.flags.for)
    const result = chooseDocument(all, this.flags.document)
    for (const { document } of result.documents) reporter.out(JSON.stringify(document, null, 2))
    this.#explain(all, reporter)
    return { result }
  }

  #explain({ documents, wildcards }: IamPolicyResult, reporter: Reporter): void {
    const [first] = documents
    if (documents.length > 1) {
      const sizes = documents.map(({ characters, name }) => `${name} ${characters}`).join(', ')
      reporter.info(
        `${documents.length} documents, as IAM takes 6144 characters in one: ${sizes}. Attach all of them.`,
      )
    } else if (first !== undefined) {
      reporter.info(`${first.name}: ${first.characters} of 6144 characters.`)
    }
    reporter.info('Wildcards that stay, and why:')
    for (const { actions, limit, reason, resources } of wildcards) {
      reporter.info(`  ${resources.join(', ')}: ${actions.join(', ')}`)
      reporter.info(`    ${reason}${limit === null ? '' : `; ${limit}`}`)
    }
  }
}
