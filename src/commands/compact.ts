import { Args, Flags } from '@oclif/core'
import { defaultDataset } from '../config/dataset.js'
import { UsageError } from '../errors.js'
import type { CompactResult } from '../operate/compact/compact.js'
import { DatapipeCommand, type CommandContext, type Outcome } from '../ui/command.js'
import { formatBytes, plural } from '../ui/format.js'

export default class Compact extends DatapipeCommand<CompactResult, typeof Compact> {
  static override summary = 'Write the small files of a dataset together.'
  static override description = `Many small files make queries slow and dear. Partitions with more of them than their size needs get files of about 200 MB \
instead, and readers are switched when these are there. It runs on this machine: what it writes together is fetched and stored again.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> temperature --env dev',
    '<%= config.bin %> <%= command.id %> temperature --older-than 7d --dry-run',
  ]
  static override args = { dataset: Args.string({ description: 'The dataset.', required: true }) }
  static override flags = {
    'older-than': Flags.string({
      description: 'Only partitions that nothing was written to for so long, such as 7d.',
      helpValue: 'DAYS',
      default: '0d',
    }),
    'dry-run': Flags.boolean({ description: 'Only show which partitions it would be.' }),
  }

  protected async perform(context: CommandContext): Promise<Outcome<CompactResult>> {
    const { environment, reporter, signal } = context
    const { dataset } = this.args
    const olderThanDays = days(this.flags['older-than'])
    const dryRun = this.flags['dry-run']
    const { tableNames } = await import('../transform/tables.js')
    const { compact } = await import('../operate/compact/compact.js')
    const { inWorkshop, lakeOf } = await import('../operate/lake.js')
    const tables = tableNames(dataset, environment.datasets[dataset] ?? defaultDataset())
    const lake = lakeOf(await context.aws())
    const result = await inWorkshop(signal, (workshop) =>
      compact(lake, { dataset, tables, olderThanDays, dryRun }, workshop, (done, index, total) => {
        if (dryRun) return
        reporter.info(
          `${index} of ${total}: ${done.table}${done.partition === '' ? '' : `/${done.partition}`}: ${plural(done.filesBefore, 'file')} -> ${done.filesAfter}`,
        )
      }),
    )
    if (result.partitions.length === 0) {
      reporter.info(`Nothing to do: no partition of ${dataset} has small files to write together.`)
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
}

function days(text: string): number {
  const [, number] = /^(\d+)d$/.exec(text) ?? []
  if (number !== undefined) return Number(number)
  throw new UsageError('INVALID_AGE', `--older-than ${text} is not a number of days.`, {
    suggestions: ['Such as: --older-than 7d'],
  })
}
