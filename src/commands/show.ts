import { Args } from '@oclif/core'
import type { RunRecord } from '../transform/record.js'
import { DatapipeCommand, type CommandContext, type Outcome } from '../ui/command.js'
import { checkMessage } from '../transform/checks/result.js'
import { driftMessage } from '../transform/contract/drift.js'
import { formatBytes, formatCount, formatDuration } from '../ui/format.js'

export default class Show extends DatapipeCommand<RunRecord, typeof Show> {
  static override readonly onlyReads = true
  static override summary = 'Show one load: source, counts, what it wrote, why it failed.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> o-3f2a9c41',
    {
      description: 'The latest load of a file',
      command: '<%= config.bin %> <%= command.id %> inbox/temperature/20230703_measurement_data.csv',
    },
  ]
  static override args = {
    run: Args.string({
      description: 'Id of the run or its beginning (see history), or the key of a file.',
      required: true,
    }),
  }

  protected async perform(context: CommandContext): Promise<Outcome<RunRecord>> {
    const { findRun } = await import('../operate/history/show.js')
    const run = await findRun(await context.aws(), this.args.run, context.signal)
    const { reporter } = context
    reporter.out(lines(run).join('\n'))
    if (run.outputs.length > 0) {
      reporter.out('')
      reporter.table(
        ['TABLE', 'PARTITION', 'ROWS', 'SIZE', 'FILE'],
        run.outputs.map(({ table, partition, rows, bytes, key }) => [
          table,
          partitionText(partition),
          formatCount(rows),
          formatBytes(bytes),
          key,
        ]),
      )
    }
    if (run.generations.length > 0) {
      reporter.out('')
      reporter.table(
        ['TABLE', 'PARTITION', 'GENERATION', 'ROWS'],
        run.generations.map(({ table, partition, number, rows }) => [
          table,
          partitionText(partition),
          number,
          formatCount(rows),
        ]),
      )
    }
    return { result: run }
  }
}

function lines(run: RunRecord): string[] {
  const { source, rejects, error } = run
  const size = source.bytes === null ? '' : `, ${formatBytes(source.bytes)}`
  return [
    ['run', run.runId],
    ['status', statusText(run)],
    ['dataset', run.dataset],
    ['file', `s3://${source.bucket}/${source.key}${size}`],
    ['version', source.versionId],
    ['sha256', source.sha256 ?? '(not read to its end)'],
    ['rows', rowsText(run)],
    ...(rejects ? [['rejects', rejects.csv]] : []),
    ...run.drift.map((drift) => ['drift', driftMessage(drift, run.dataset)]),
    ...run.checks.map((check) => ['check', check.passed ? `"${check.name}" holds` : checkMessage(check)]),
    ...(error ? [['error', `${error.code}: ${error.message}`]] : []),
    ['started', run.startedAt],
    ['took', formatDuration(run.durationMs)],
    ['engine', `${run.engine}, datapipe ${run.datapipe}`],
  ].map(([name = '', value]) => `${name.padEnd(8)}  ${value}`)
}

function statusText({ status, quarantined, rolledBackAt }: RunRecord): string {
  if (quarantined === true) return `${status}, quarantined: nothing loads this version until it is replayed`
  return status + (rolledBackAt === undefined ? '' : ` at ${rolledBackAt}`)
}

function rowsText({ rowsIn, rowsAccepted, rowsOut, rowsRejected }: RunRecord): string {
  const [read, accepted, rejected, written] = [rowsIn, rowsAccepted, rowsRejected, rowsOut].map(formatCount)
  return `${read} in = ${accepted} accepted + ${rejected} rejected; ${written} out`
}

function partitionText(partition: Record<string, string | null>): string {
  return Object.entries(partition)
    .map(([name, value]) => `${name}=${value ?? '(none)'}`)
    .join(', ')
}
