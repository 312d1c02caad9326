import { Flags } from '@oclif/core'
import { ExitCode } from '../../errors.js'
import type { Redriven } from '../../operate/run/dlq/redrive.js'
import { DatapipeCommand, type CommandContext, type Outcome } from '../../ui/command.js'

export interface RedriveResult {
  redriven: Redriven[]
}

const SAID = {
  started: 'started again',
  joined: 'is being processed already',
  gone: 'this version was deleted; the message stays',
  unreadable: 'not a message of a worker; it stays',
}

export default class DlqRedrive extends DatapipeCommand<RedriveResult, typeof DlqRedrive> {
  static override summary = 'Process failed files again.'
  static override description = `For each message in the failed-files queue it starts the file anew and then removes the message. What fails again comes back \
as a new message. On --env local it follows the files to their end.

Exit code: 0 all started (or, on --env local, processed), 5 a file had too many bad rows, 1 a file failed or could not be started.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> --env dev',
    '<%= config.bin %> <%= command.id %> --file inbox/temperature/20230703_measurement_data.csv',
  ]
  static override flags = {
    file: Flags.string({
      char: 'f',
      description: 'Only this uploaded file.',
      helpValue: 'KEY',
      exclusive: ['id'],
    }),
    id: Flags.string({ description: 'Only this message, as `dlq list` names it.', helpValue: 'MESSAGE' }),
  }

  protected async perform(context: CommandContext): Promise<Outcome<RedriveResult>> {
    const { redrive } = await import('../../operate/run/dlq/redrive.js')
    const { runExitCode } = await import('../../operate/run/run.js')
    const { reporter, signal } = context
    const { file, id } = this.flags
    const redriven = await redrive(await context.aws(), { file, id }, signal, (message) =>
      reporter.info(`${message.key ?? message.id}: ${SAID[message.status]}`),
    )
    if (redriven.length === 0) reporter.info('Nothing to do: the queue is empty.')
    for (const { key, outcome } of redriven)
      if (outcome !== undefined) reporter.info(`${key ?? ''}: ${outcome.status}`)
    if (redriven.some(({ execution, outcome }) => execution !== null && outcome === undefined))
      reporter.info(`Under way in AWS. Follow it: datapipe run --watch --env ${context.env}`)
    const left = redriven.some(({ execution }) => execution === null)
    const outcomes = redriven.flatMap(({ outcome }) => (outcome === undefined ? [] : [outcome]))
    return { result: { redriven }, exitCode: left ? ExitCode.failed : runExitCode(outcomes) }
  }
}
