import type { CostResult } from '../operate/provision/cost-report.js'
import { DatapipeCommand, type CommandContext, type Outcome } from '../ui/command.js'
import { formatUsd } from '../ui/format.js'
import { renderCost } from '../ui/plan.js'

export default class Cost extends DatapipeCommand<CostResult, typeof Cost> {
  static override readonly onlyReads = true
  static override summary = 'Show what the environment costs while idle, and what a GB costs to process.'
  static override description = `Prices of us-east-1 in USD, without tax, free tier and storage of your data; each with the month it was last confirmed in --json.
What a GB costs comes from the loads of this environment where there were some, and is an upper estimate elsewhere.`
  static override examples = ['<%= config.bin %> <%= command.id %> --env prod']

  protected async perform(context: CommandContext): Promise<Outcome<CostResult>> {
    const { costReport } = await import('../operate/provision/cost-report.js')
    const { environment, reporter } = context
    const result = await costReport(await context.aws(), environment)
    reporter.out(renderCost(result.idle))
    reporter.out('')
    reporter.table(
      ['size', 'vCPU', 'GiB', 'USD per GB', 'USD per small file', 'basis'],
      result.processing.map(({ basis, memoryGiB, tier, usdPerFile, usdPerGb, vcpu }) => [
        tier,
        vcpu,
        memoryGiB,
        usdPerGb.toFixed(4),
        usdPerFile.toFixed(4),
        basis,
      ]),
    )
    reporter.info(`Queries: ${formatUsd(result.queryUsdPerTb)} per TB scanned.`)
    return { result }
  }
}
