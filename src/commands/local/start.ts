import { Flags } from '@oclif/core'
import type { Embedded } from '../../local/moto/status.js'
import { DatapipeCommand, type CommandContext, type Outcome } from '../../ui/command.js'

/** `started` is false when it ran already. */
export type LocalStartResult = Embedded & { running: true; started: boolean }

export default class LocalStart extends DatapipeCommand<LocalStartResult, typeof LocalStart> {
  static override summary = 'Start the embedded AWS.'
  static override description = `An AWS API server (moto) on this machine's loopback address, for \`--env local\`. It keeps running in the background until
\`local stop\`. A moto_server on PATH is used when its version fits; otherwise it is installed, once, into the cache folder,
which needs Python 3.10 or newer.`
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    {
      description: 'For other tools: the AWS CLI against the embedded AWS',
      command:
        'export AWS_ENDPOINT_URL=$(<%= config.bin %> <%= command.id %> --quiet) AWS_ACCESS_KEY_ID=x AWS_SECRET_ACCESS_KEY=x',
    },
  ]
  static override flags = {
    port: Flags.integer({ description: 'Port to listen on. [default: a free one]', min: 1, max: 65_535 }),
  }

  protected async perform({ reporter, signal }: CommandContext): Promise<Outcome<LocalStartResult>> {
    const { startEmbedded } = await import('../../local/moto/start.js')
    const embedded = await startEmbedded({
      signal,
      port: this.flags.port,
      onEvent: ({ message }) => {
        reporter.info(message)
      },
    })
    if (!embedded.started) {
      reporter.info(
        `The embedded AWS runs already (moto ${embedded.version}, process ${embedded.pid}, since ${embedded.startedAt}).`,
      )
    }
    reporter.out(embedded.endpoint)
    return { result: { ...embedded, running: true } }
  }
}
