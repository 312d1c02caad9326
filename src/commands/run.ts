import { Flags } from '@oclif/core'
import { UsageError } from '../errors.js'
import type { BackfillEvent, BackfillResult } from '../operate/run/backfill.js'
import type { RunExecution } from '../operate/run/execution.js'
import type { RunEvent, RunResult } from '../operate/run/run.js'
import type { RunRecord } from '../transform/record.js'
import { DatapipeCommand, type CommandContext, type Outcome } from '../ui/command.js'
import { formatCount, formatDuration, plural } from '../ui/format.js'

export default class Run extends DatapipeCommand<RunResult | BackfillResult, typeof Run> {
  static override summary = 'Process the uploaded files that are pending.'
  static override description = `Pending is every uploaded file whose current version has not been processed; one that an upload set going already is joined, \
not processed twice. With --watch, and always on --env local, it follows every file to its end; without it, the files are \
processed in AWS on their own, at most compute.maxConcurrency at once: the others wait, in the backfill where the environment \
has one, else in this command.

--backfill has AWS process everything that is pending (needs \`backfill: true\`), follows it, and can be left: it goes on. With \
--all it loads again what is loaded.

Exit code: 0 all processed, 5 a file had too many bad rows and nothing of it was published, 1 a file failed. A file that \
failed is left alone until --retry-failed or --file asks for it.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> --watch --env dev',
    '<%= config.bin %> <%= command.id %> --backfill --env prod',
    '<%= config.bin %> <%= command.id %> --backfill --all --dataset temperature --since 2026-01-01',
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
    backfill: Flags.boolean({
      description: 'Process what is pending with the backfill of the environment, and follow it.',
      exclusive: ['file', 'retry-failed'],
    }),
    dataset: Flags.string({
      description: 'With --backfill: only the files of this dataset.',
      helpValue: 'NAME',
      dependsOn: ['backfill'],
    }),
    since: Flags.string({
      description: 'With --backfill: only what was uploaded then or later, a date (in UTC) or an ISO time.',
      helpValue: 'DATE',
      dependsOn: ['backfill'],
    }),
    all: Flags.boolean({
      description: 'With --backfill: also what was processed before.',
      dependsOn: ['backfill'],
    }),
  }

  protected async perform(context: CommandContext): Promise<Outcome<RunResult | BackfillResult>> {
    return this.flags.backfill ? this.#backfill(context) : this.#run(context)
  }

  async #backfill(context: CommandContext): Promise<Outcome<BackfillResult>> {
    const [{ backfill, backfillExitCode }, { requireDataset }] = await Promise.all([
      import('../operate/run/backfill.js'),
      import('../operate/upload/dataset.js'),
    ])
    const { all, dataset, since } = this.flags
    if (dataset !== undefined) requireDataset(dataset, context.environment.datasets)
    const request = { all, dataset, since: since === undefined ? undefined : toDate(since) }
    const result = await backfill(await context.aws(), request, context.signal, backfillProgress(context))
    report(context, result.executions)
    if (result.backfill?.error !== undefined) context.reporter.warn(`The backfill: ${result.backfill.error}`)
    return { result, exitCode: backfillExitCode(result) }
  }

  async #run(context: CommandContext): Promise<Outcome<RunResult>> {
    const { run, runExitCode } = await import('../operate/run/run.js')
    const { file, 'retry-failed': retryFailed, watch } = this.flags
    const result = await run(
      await context.aws(),
      { file, retryFailed, watch, concurrency: context.environment.compute.maxConcurrency },
      context.signal,
      progress(context),
    )
    const { executions } = result
    report(context, executions)
    return { result, exitCode: runExitCode(executions) }
  }
}

function report(context: CommandContext, executions: readonly RunExecution[]): void {
  const { reporter } = context
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
}

/** A date is its beginning in UTC, as S3 tells time. */
function toDate(text: string): Date {
  const isoLike = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/.test(text)
  const date = new Date(isoLike ? text : NaN)
  if (!Number.isNaN(date.getTime())) return date
  throw new UsageError('BAD_DATE', `"${text}" is not a date.`, {
    suggestions: ['Write 2026-01-31, or with a time and its zone 2026-01-31T06:00:00Z.'],
  })
}

function backfillProgress(context: CommandContext): (event: BackfillEvent) => void {
  const { reporter } = context
  let last = ''
  return (event) => {
    switch (event.type) {
      case 'backfill.found':
        found(context, event)
        break
      case 'backfill.started':
        reporter.info(`Backfill ${event.name} started.`)
        break
      case 'backfill.progress': {
        const { failed, pending, processed, running, total } = event.progress
        const line = `${count(processed)} of ${plural(total, 'file')} done, ${count(failed)} failed, ${count(running)} running, ${count(pending)} waiting`
        if (line !== last) reporter.info(line)
        last = line
        break
      }
    }
  }
}

function found(
  context: CommandContext,
  { failedBefore, pending }: { pending: number; failedBefore: readonly RunRecord[] },
): void {
  const { reporter } = context
  if (pending === 0) reporter.info('Nothing to do: every uploaded file is processed.')
  else reporter.info(`Processing ${plural(pending, 'file')}.`)
  if (failedBefore.length > 0) {
    context.warn(
      `${plural(failedBefore.length, 'file')} failed before and ${failedBefore.length === 1 ? 'is' : 'are'} left alone: ${failedBefore.map(({ source }) => source.key).join(', ')}. Again: datapipe run --retry-failed`,
    )
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
        found(context, event)
        break
      case 'run.waiting':
        reporter.info(
          event.backfill === undefined
            ? `${plural(event.concurrency, 'file')} at once; the others wait here. Ctrl-C leaves them pending.`
            : `The backfill ${event.backfill} processes them in AWS, ${plural(event.concurrency, 'file')} at once.`,
        )
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
