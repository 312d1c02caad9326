import type { DatasyncStatus } from '../../operate/datasync/status.js'
import type { TransferExecution } from '../../operate/datasync/execution.js'
import { DatapipeCommand, type CommandContext, type Outcome } from '../../ui/command.js'
import { formatBytes, formatCount, formatDuration } from '../../ui/format.js'

export default class DatasyncStatusCommand extends DatapipeCommand<
  DatasyncStatus,
  typeof DatasyncStatusCommand
> {
  static override readonly onlyReads = true
  static override summary = 'Show the agent, the locations, the task and its last executions.'
  static override description =
    'Reads AWS and changes nothing. Says what needs attention, for example a schedule that DataSync switched off by itself.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> --env prod',
    '<%= config.bin %> <%= command.id %> --env prod --json',
  ]

  protected async perform(context: CommandContext): Promise<Outcome<DatasyncStatus>> {
    const { environment, reporter, signal } = context
    const { requireDatasync } = await import('../../operate/datasync/configured.js')
    requireDatasync(environment)
    const { datasyncStatus } = await import('../../operate/datasync/status.js')
    const result = await datasyncStatus(await context.aws(), environment, signal)
    const { agent, destination, executions, source, task } = result
    reporter.table(
      ['PART', 'STATE', 'WHAT'],
      [
        ['agent', agent?.status ?? 'missing', agent?.arn],
        ['source', source === null ? 'missing' : 'ok', source?.address],
        ['destination', destination === null ? 'missing' : 'ok', destination?.address],
        ['task', task?.status ?? 'missing', task?.arn],
        ['schedule', scheduleState(task), task?.schedule?.expression],
      ],
    )
    if (executions.length > 0) {
      reporter.out('')
      reporter.table(
        ['LAST EXECUTIONS', 'OUTCOME', 'FILES', 'FAILED', 'BYTES', 'TOOK', 'ERROR'],
        executions.map(executionRow),
      )
    }
    for (const problem of result.problems) context.warn(problem)
    return { result }
  }
}

function scheduleState(task: DatasyncStatus['task']): string {
  const schedule = task?.schedule ?? null
  if (schedule === null) return 'none'
  if (schedule.enabled) return 'enabled'
  return schedule.disabledBy === null ? 'disabled' : `disabled by ${schedule.disabledBy.toLowerCase()}`
}

function executionRow(execution: TransferExecution): string[] {
  const { bytesWritten, durationMs, error, filesFailed, filesTransferred, startedAt, status } = execution
  return [
    startedAt?.slice(0, 19).replace('T', ' ') ?? '',
    status,
    filesTransferred === null ? '' : formatCount(filesTransferred),
    formatCount(filesFailed),
    bytesWritten === null ? '' : formatBytes(bytesWritten),
    durationMs === null ? '' : formatDuration(durationMs),
    error?.code ?? '',
  ]
}
