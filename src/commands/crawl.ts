import { Flags } from '@oclif/core'
import { ExitCode, UsageError } from '../errors.js'
import type { CrawlEvent, CrawlResult } from '../operate/crawl/crawl.js'
import { DatapipeCommand, type CommandContext, type Outcome } from '../ui/command.js'
import { formatUsd, plural } from '../ui/format.js'

export default class Crawl extends DatapipeCommand<CrawlResult, typeof Crawl> {
  static override summary = 'Run the Glue crawler once over the transformed files.'
  static override description = `Starts the crawler, or joins the crawl that runs: there is never more than one. Run it once after a batch of files, not for \
each: every crawl is billed for ten minutes at least. The tables of the transform need no crawler and are not touched by it; \
its own begin with datapipe_crawled_.

Needs \`catalog: { crawler: on-demand }\` (or \`schedule\`) in datapipe.yaml, and AWS: emulators do not crawl. With --watch the \
exit code is the outcome of the crawl.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> --watch --env dev',
    '<%= config.bin %> run --watch && <%= config.bin %> <%= command.id %> --watch',
  ]
  static override flags = {
    watch: Flags.boolean({ char: 'w', description: 'Follow the crawl to its end.' }),
  }

  protected async perform(context: CommandContext): Promise<Outcome<CrawlResult>> {
    const { reporter } = context
    if (context.environment.catalog.crawler === 'off') throw crawlerOff(context.env)
    const { crawl } = await import('../operate/crawl/crawl.js')
    const aws = await context.aws()
    const result = await crawl(aws, { watch: this.flags.watch }, context.signal, progress(context))
    if (result.tables.length > 0) {
      reporter.table(
        ['TABLE', 'COLUMNS', 'PARTITIONED BY', 'ROWS, ABOUT', 'LOCATION'],
        result.tables.map((table) => [
          table.name,
          table.columns,
          table.partitionKeys.join(', '),
          table.rows,
          table.location,
        ]),
      )
    }
    if (result.usd !== null) reporter.info(`The crawl cost about ${formatUsd(result.usd)}.`)
    if (result.status === 'succeeded') {
      reporter.info(`Crawled: ${plural(result.tables.length, 'table')}.`)
    } else if (result.status === 'running') {
      reporter.info(`Under way in AWS. Follow it: datapipe crawl --watch --env ${context.env}`)
    } else {
      context.warn(`The crawl failed. ${result.reason ?? ''}`)
    }
    return { result, exitCode: result.status === 'failed' ? ExitCode.failed : ExitCode.ok }
  }
}

function progress({ reporter }: CommandContext): (event: CrawlEvent) => void {
  return (event) => {
    if (event.type === 'crawl.state') reporter.info(`crawler: ${event.state}`)
    else
      reporter.info(event.started ? 'Started the crawler.' : 'The crawler runs already; joining its crawl.')
  }
}

function crawlerOff(env: string): UsageError {
  return new UsageError('CRAWLER_OFF', `Environment ${env} has no crawler: \`catalog.crawler\` is off.`, {
    suggestions: [
      `Set \`catalog: { crawler: on-demand }\` in datapipe.yaml, then run datapipe up --env ${env}.`,
      'The tables of the transform need no crawler: datapipe query "show tables"',
    ],
  })
}
