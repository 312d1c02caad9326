import { DatapipeCommand, type CommandContext, type Outcome } from '../../ui/command.js'

/** Not running: everything but `running` and `logFile` is null. */
export interface LocalStatusResult {
  running: boolean
  endpoint: string | null
  pid: number | null
  version: string | null
  startedAt: string | null
  logFile: string
}

export default class LocalStatus extends DatapipeCommand<LocalStatusResult, typeof LocalStatus> {
  static override readonly onlyReads = true
  static override summary = 'Show whether the embedded AWS runs, and where.'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --json',
  ]

  protected async perform({ reporter }: CommandContext): Promise<Outcome<LocalStatusResult>> {
    const { embeddedLogFile, embeddedStatus } = await import('../../local/moto/status.js')
    const embedded = await embeddedStatus()
    const result = {
      running: embedded !== undefined,
      endpoint: embedded?.endpoint ?? null,
      pid: embedded?.pid ?? null,
      version: embedded?.version ?? null,
      startedAt: embedded?.startedAt ?? null,
      logFile: embeddedLogFile(),
    }
    if (embedded === undefined) {
      reporter.out('not running')
      reporter.info('Start it with `datapipe local start`.')
      return { result }
    }
    reporter.table(
      ['ENDPOINT', 'MOTO', 'PROCESS', 'SINCE', 'LOG'],
      [[embedded.endpoint, embedded.version, embedded.pid, embedded.startedAt, result.logFile]],
    )
    return { result }
  }
}
