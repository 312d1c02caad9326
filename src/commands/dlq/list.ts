import type { DlqList } from '../../operate/run/dlq/list.js'
import { DatapipeCommand, type CommandContext, type Outcome } from '../../ui/command.js'
import { plural } from '../../ui/format.js'

export default class DlqListCommand extends DatapipeCommand<DlqList, typeof DlqListCommand> {
  static override readonly onlyReads = true
  static override summary = 'Show the files whose processing failed.'
  static override description =
    'Reads the failed-files queue without taking anything out of it: while it reads, a few seconds, nobody else sees the messages.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> --env dev',
    '<%= config.bin %> <%= command.id %> --json',
  ]

  protected async perform(context: CommandContext): Promise<Outcome<DlqList>> {
    const { listFailed } = await import('../../operate/run/dlq/list.js')
    const { reporter, signal } = context
    const result = await listFailed(await context.aws(), signal)
    const { hidden, messages } = result
    if (messages.length === 0) reporter.info('No file failed: the queue is empty.')
    else {
      reporter.table(
        ['FAILED AT', 'FILE', 'WHY', 'MESSAGE'],
        messages.map(({ body, file, id, sentAt }) => [
          sentAt ?? '',
          file?.key ?? '(not a message of a worker)',
          file?.reason ?? body.slice(0, 80),
          id,
        ]),
      )
      reporter.info(`When the reason is gone: datapipe dlq redrive --env ${context.env}`)
    }
    if (hidden > 0) {
      context.warn(
        `${plural(hidden, 'message')} cannot be seen: somebody else read ${hidden === 1 ? 'it' : 'them'} moments ago. Try again in five minutes.`,
      )
    }
    return { result }
  }
}
