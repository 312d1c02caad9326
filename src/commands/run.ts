import { Flags } from '@oclif/core'
import type { RunExecution } from '../operate/run/execution.js'
import type { RunEvent, RunResult } from '../operate/run/run.js'
import { DatapipeCommand, type CommandContext, type Outcome } from '../ui/command.js'
import { formatCount, formatDuration, plural } from '../ui/format.js'

export default class Run extends DatapipeCommand<RunResult, typeof Run> {
  static override summary = 'Process the uploaded files that are pending.'
  static override description = `Pending is every uploaded file whose current version has not been processed; one that an upload set going already is joined, \
not processed twice. With --watch, and always on --env local, it follows every file to its end; without it, the files are \
processed in AWS on their own.

Exit code: 0 all processed, 5 a file had too many bad rows and nothing of it was published, 1 a file failed. A file that \
failed is left alone until --retry-failed or --file asks for it.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> --watch --env dev',
    '<%= config.bin %> <%= command.id %> --file inbox/temperature/20230703_measurement_data.csv --watch',
  ]
  static override flags = {
    watch: Flags.boolean({ char: 'w', description: 'Follow the files to their end.' }),
    file: Flags.string({
      char: 'f',
      description: 'Process this uploaded file, also if it was processed before.',
      helpValue: 'KEY',
      exclusive: ['retry-failed'],
    }),
    'retry-failed': Flags.boolean({ description: 'Process files that failed or were rejected once more.' }),
  }

  protected async perform(context: CommandContext): Promise<Outcome<RunResult>> {
    const { run, runExitCode } = await import('../operate/run/run.js')
    const { file, 'retry-failed': retryFailed, watch } = this.flags
    const { reporter } = context
    const result = await run(
      await context.aws(),
      { file, retryFailed, watch, concurrency: context.environment.compute.maxConcurrency },
      context.signal,
      progress(context),
    )
    const { executions } = result
    if (executions.length > 0) {
      reporter.table(
        ['OUTCOME', 'FILE', 'ROWS IN', 'ROWS OUT', 'REJECTED', 'TIME'],
        executions.map((execution) => [
          execution.status,
          execution.source.key,
          count(execution.rowsIn),
          count(execution.rowsOut),
          count(execution.rowsRejected),
          execution.durationMs === null ? '' : formatDuration(execution.durationMs),
        ]),
      )
    }
    for (const { error, source } of executions)
      if (error !== undefined) reporter.warn(`${source.key}: ${error}`)
    if (executions.some(({ status }) => status === 'failed')) {
      reporter.info('When the reason is gone: datapipe run --retry-failed')
    }
    if (executions.some(({ status }) => status === 'running')) {
      reporter.info(`Under way in AWS. Follow it: datapipe run --watch --env ${context.env}`)
    }
    return { result, exitCode: runExitCode(executions) }
  }
}

function count(rows: number | null): string {
  return rows === null ? '' : formatCount(rows)
}

function progress(context: CommandContext): (event: RunEvent) => void {
  const { reporter } = context
  return (event) => {
    switch (event.type) {
      case 'run.found':
        if (event.pending === 0) reporter.info('Nothing to do: every uploaded file is processed.')
        else reporter.info(`Processing ${plural(event.pending, 'file')}.`)
        if (event.failedBefore.length > 0) {
          context.warn(
            `${plural(event.failedBefore.length, 'file')} failed before and ${event.failedBefore.length === 1 ? 'is' : 'are'} left alone: ${event.failedBefore.map(({ source }) => source.key).join(', ')}. Again: datapipe run --retry-failed`,
          )
        }
        break
      case 'run.started':
        reporter.info(`${event.object.key}: started (${event.name.slice(0, 14)}…)`)
        break
      case 'run.state':
        reporter.info(`${event.object.key}: ${event.state}`)
        break
      case 'run.finished':
        reporter.info(`${event.execution.source.key}: ${summary(event.execution)}`)
        break
    }
  }
}

function summary({ rowsIn, rowsOut, rowsRejected, status }: RunExecution): string {
  if (rowsIn === null) return status
  return `${status}, ${count(rowsIn)} rows in, ${count(rowsOut)} out, ${count(rowsRejected)} rejected`
}
