import { DatapipeCommand, type CommandContext, type Outcome } from '../../ui/command.js'

/** `stopped` is false when it did not run; then the rest is null. */
export interface LocalStopResult {
  running: false
  stopped: boolean
  endpoint: string | null
  pid: number | null
  version: string | null
  startedAt: string | null
}

export default class LocalStop extends DatapipeCommand<LocalStopResult, typeof LocalStop> {
  static override summary = 'Stop the embedded AWS.'
  static override description =
    'Everything in it is in its memory alone: with it go the local environment and the files uploaded to it.'
  static override examples = ['<%= config.bin %> <%= command.id %>']

  protected async perform({ reporter, signal }: CommandContext): Promise<Outcome<LocalStopResult>> {
    const { stopEmbedded } = await import('../../local/moto/stop.js')
    const stopped = await stopEmbedded({
      signal,
      onEvent: ({ message }) => {
        reporter.info(message)
      },
    })
    reporter.info(
      stopped === undefined
        ? 'The embedded AWS does not run.'
        : `Stopped the embedded AWS (process ${stopped.pid}). The local environment and the files in it are gone.`,
    )
    return {
      result: {
        running: false,
        stopped: stopped !== undefined,
        endpoint: stopped?.endpoint ?? null,
        pid: stopped?.pid ?? null,
        version: stopped?.version ?? null,
        startedAt: stopped?.startedAt ?? null,
      },
    }
  }
}
