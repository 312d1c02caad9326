import { Args, Flags } from '@oclif/core'
import { configurationOf } from '../config/dataset.js'
import { durationMs } from '../config/dataset/duration.js'
import { UsageError } from '../errors.js'
import type { CompactResult } from '../operate/compact/compact.js'
import { DatapipeCommand, type CommandContext, type Outcome } from '../ui/command.js'
import { formatBytes, plural } from '../ui/format.js'
import type { Reporter } from '../ui/reporter.js'

export default class Compact extends DatapipeCommand<CompactResult, typeof Compact> {
  static override summary = 'Write the small files of a dataset together.'
  static override description = `Many small files make queries slow and dear. Partitions with more of them than their size needs get files of about 200 MB \
instead, and readers are switched when these are there. It runs on this machine: what it writes together is fetched and stored again. \
Files older than a day that nothing needs, left by loads that were interrupted, are deleted.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> temperature --env dev',
    '<%= config.bin %> <%= command.id %> temperature --older-than 7d --dry-run',
  ]
  static override args = { dataset: Args.string({ description: 'The dataset.', required: true }) }
  static override flags = {
    'older-than': Flags.string({
      description: 'Only partitions that nothing was written to for so long: 90m, 36h, 7d.',
      helpValue: 'AGE',
      default: '0d',
    }),
    'dry-run': Flags.boolean({ description: 'Only show which partitions and leftovers it would be.' }),
  }

  protected async perform(context: CommandContext): Promise<Outcome<CompactResult>> {
    const { environment, reporter, signal } = context
    const { dataset } = this.args
    const olderThanMs = age(this.flags['older-than'])
    const dryRun = this.flags['dry-run']
    const { tableNames } = await import('../transform/tables.js')
    const { compact } = await import('../operate/compact/compact.js')
    const { inWorkshop, lakeOf } = await import('../operate/lake.js')
    const tables = tableNames(dataset, configurationOf(environment.datasets, dataset))
    const { bucketMissing } = await import('../operate/inbox.js')
    const { requireKnownDataset } = await import('../operate/known-dataset.js')
    const aws = await context.aws()
    await requireKnownDataset(aws, dataset, environment.datasets, signal)
    const lake = lakeOf(aws)
    const result = await inWorkshop(signal, (workshop) =>
      compact(lake, { dataset, tables, olderThanMs, dryRun }, workshop, (done, index, total) => {
        if (dryRun) return
        reporter.info(
          `${index} of ${total}: ${done.table}${done.partition === '' ? '' : `/${done.partition}`}: ${plural(done.filesBefore, 'file')} -> ${done.filesAfter}`,
        )
      }),
    ).catch((error: unknown) => {
      throw bucketMissing(aws, aws.names.bucket('transformed'), error)
    })
    this.#tellLeftovers(result, reporter)
    if (result.partitions.length === 0) {
      reporter.info(`No partition of ${dataset} has small files to write together.`)
      return { result }
    }
    reporter.table(
      ['TABLE', 'PARTITION', 'FILES', 'SIZE', 'FILES AFTER', 'SIZE AFTER'],
      result.partitions.map((done) => [
        done.table,
        done.partition,
        done.filesBefore,
        formatBytes(done.bytesBefore),
        done.filesAfter,
        done.bytesAfter === null ? null : formatBytes(done.bytesAfter),
      ]),
    )
    return { result }
  }

  #tellLeftovers({ dryRun, leftovers }: CompactResult, reporter: Reporter): void {
    if (leftovers.length === 0) return
    const bytes = formatBytes(leftovers.reduce((sum, each) => sum + each.bytes, 0))
    const found = `${plural(leftovers.length, 'file')} that nothing needs, ${bytes}`
    if (!dryRun) {
      reporter.info(`Deleted: ${found}.`)
      return
    }
    reporter.info(`To be deleted: ${found}.`)
    reporter.table(
      ['LEFTOVER', 'SIZE'],
      leftovers.map(({ key, bytes: size }) => [key, formatBytes(size)]),
    )
  }
}

/** @throws UsageError INVALID_AGE */
function age(text: string): number {
  if (/^\d+(m|h|d)$/.test(text)) return durationMs(text)
  throw new UsageError('INVALID_AGE', `--older-than ${text} is not a duration.`, {
    suggestions: ['A number of minutes, hours or days, such as: --older-than 7d'],
  })
}
