import { Flags } from '@oclif/core'
import type { TransferExecution } from '../../operate/datasync/execution.js'
import type { TransferResult } from '../../operate/datasync/run.js'
import { DatapipeCommand, type CommandContext, type Outcome } from '../../ui/command.js'
import { formatBytes, formatCount, formatDuration } from '../../ui/format.js'

export default class DatasyncRun extends DatapipeCommand<TransferResult, typeof DatasyncRun> {
  static override summary = 'Copy new and changed files from the file server now.'
  static override description = `Starts the DataSync task, or joins it when it is under way already. Every file that arrives in the inbox starts the pipeline by
itself. With --watch it follows the copying to its end; Ctrl-C stops the watching only.

Exit code with --watch: 0 all copied, 3 some files could not be copied, 1 the copying failed.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> --watch --env prod',
    '<%= config.bin %> <%= command.id %> --env prod --json',
  ]
  static override flags = {
    watch: Flags.boolean({ char: 'w', description: 'Follow the copying to its end.' }),
  }

  protected async perform(context: CommandContext): Promise<Outcome<TransferResult>> {
    const { environment, reporter, signal } = context
    const { requireDatasync } = await import('../../operate/datasync/configured.js')
    requireDatasync(environment)
    const { transfer } = await import('../../operate/datasync/run.js')
    const { executionExitCode, hasEnded } = await import('../../operate/datasync/execution.js')
    const result = await transfer(await context.aws(), environment, {
      watch: this.flags.watch,
      signal,
      onProgress: (seen) => {
        reporter.info(progress(seen))
      },
    })
    const { execution } = result
    if (!result.started) reporter.info('It was under way already.')
    reporter.table(
      ['OUTCOME', 'FILES', 'FAILED', 'BYTES', 'TOOK'],
      [
        [
          execution.status,
          count(execution.filesTransferred),
          formatCount(execution.filesFailed),
          execution.bytesWritten === null ? '' : formatBytes(execution.bytesWritten),
          execution.durationMs === null ? '' : formatDuration(execution.durationMs),
        ],
      ],
    )
    const why = [execution.error?.code ?? '', execution.error?.detail ?? '']
      .filter((text) => text !== '')
      .join(': ')
    if (why !== '') context.warn(`DataSync says: ${why}`)
    if (!hasEnded(execution)) reporter.info(`Follow it: datapipe datasync run --watch --env ${context.env}`)
    return { result, exitCode: executionExitCode(execution) }
  }
}

function progress({ filesToTransfer, filesTransferred, status }: TransferExecution): string {
  const phase = status.toLowerCase()
  if (filesTransferred === null || filesTransferred === 0) return phase
  const of = filesToTransfer === null || filesToTransfer === 0 ? '' : ` of ${count(filesToTransfer)}`
  return `${phase}: ${count(filesTransferred)}${of} files`
}

function count(files: number | null): string {
  return files === null ? '' : formatCount(files)
}
