import { Args, Flags } from '@oclif/core'
import { UsageError } from '../../errors.js'
import type { ReplayedFile, ReplayEvent, ReplayPlan, ReplayResult } from '../../operate/rejects/replay.js'
import { DatapipeCommand, type CommandContext, type Outcome } from '../../ui/command.js'
import { formatCount, plural } from '../../ui/format.js'

export default class RejectsReplay extends DatapipeCommand<ReplayResult, typeof RejectsReplay> {
  static override summary = 'Load files with rejected rows again, with the configuration of today.'
  static override description = `A whole file is loaded once more and takes the place of what it published before: a row that passes now is in the table once, \
however often you replay. It uses the configuration that is deployed; change datapipe.yaml and run datapipe up first. A file \
whose rows are all in the table, or that a newer version has replaced, is left as it is.

Exit code: 0 all loaded, 5 a file still has too many bad rows and nothing of it was published, 1 a file failed or is gone.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> temperature --watch --env dev',
    '<%= config.bin %> <%= command.id %> --source inbox/temperature/20230703_measurement_data.csv --watch',
  ]
  static override args = {
    dataset: Args.string({ description: 'Every file of this dataset that has rejected rows.' }),
  }
  static override flags = {
    run: Flags.string({
      description: 'The file of this run.',
      helpValue: 'RUN',
      exclusive: ['source', 'all'],
    }),
    source: Flags.string({
      description: 'This file: its key, or DATASET/FILE.',
      helpValue: 'KEY',
      exclusive: ['run', 'all'],
    }),
    all: Flags.boolean({ description: 'Every file that has rejected rows.' }),
    watch: Flags.boolean({ char: 'w', description: 'Follow the files to their end.' }),
  }

  protected async perform(context: CommandContext): Promise<Outcome<ReplayResult>> {
    const { dataset } = this.args
    const { all, run, source, watch } = this.flags
    const { datasets, compute } = context.environment
    if (dataset?.includes('/') === true) {
      throw new UsageError('REPLAY_WHAT', `${dataset} is a file, not a dataset.`, {
        suggestions: [`datapipe rejects replay --source ${dataset} --env ${context.env}`],
      })
    }
    const { requireKnownDataset } = await import('../../operate/known-dataset.js')
    const { replay, replayExitCode } = await import('../../operate/rejects/replay.js')
    const request = { dataset, run, source, all, watch, concurrency: compute.maxConcurrency }
    const aws = await context.aws()
    await requireKnownDataset(aws, dataset, datasets, context.signal)
    const result = await replay(aws, request, datasets, context.signal, progress(context))
    report(context, result)
    return { result, exitCode: replayExitCode(result) }
  }
}

function progress(context: CommandContext): (event: ReplayEvent) => void {
  const { reporter } = context
  return (event) => {
    if (event.type === 'replay.found') found(context, event.found)
    if (event.type === 'run.state') reporter.info(`${event.object.key}: ${event.state}`)
  }
}

function found(context: CommandContext, { notDeployed, replayed, unchanged }: ReplayPlan): void {
  const { env, reporter } = context
  reporter.info(replayed === 0 ? 'Nothing to replay.' : `Replaying ${plural(replayed, 'file')}.`)
  if (notDeployed.length > 0) {
    context.warn(
      `The configuration of ${notDeployed.join(', ')} in datapipe.yaml is not the one that is deployed, and the replay uses the deployed one. To replay with yours: datapipe up --env ${env}`,
    )
  }
  if (unchanged.length > 0) {
    context.warn(
      `${plural(unchanged.length, 'file')} of these ${unchanged.length === 1 ? 'was' : 'were'} loaded with the configuration that is deployed now: the same rows will be rejected again, unless the table or datapipe changed since.`,
    )
  }
}

function report(context: CommandContext, { files }: ReplayResult): void {
  const { env, reporter } = context
  if (files.length > 0) {
    reporter.table(
      ['OUTCOME', 'FILE', 'REJECTED BEFORE', 'NOW', 'ROWS OUT BEFORE', 'NOW'],
      files.map(({ after, before, outcome, source }) => [
        outcome,
        source.key,
        formatCount(before.rowsRejected),
        after === null ? '' : formatCount(after.rowsRejected),
        formatCount(before.rowsOut),
        after === null ? '' : formatCount(after.rowsOut),
      ]),
    )
  }
  for (const { error, source } of files) if (error !== undefined) reporter.warn(`${source.key}: ${error}`)
  for (const file of files) explain(context, file)
  if (files.some(({ outcome }) => outcome === 'running'))
    reporter.info(`Under way in AWS. See how it ends: datapipe history --env ${env}`)
}

function explain(context: CommandContext, { before, outcome, source }: ReplayedFile): void {
  const { env, reporter } = context
  if (outcome === 'nothing-rejected') {
    reporter.info(
      `${source.key}: nothing to do, no row of it was rejected; ${plural(before.rowsOut, 'row')} of it in the table.`,
    )
  }
  if (outcome === 'superseded')
    reporter.info(`${source.key}: a newer version of it is there, which counts. Nothing was changed.`)
  if (outcome === 'gone') {
    context.warn(
      `${source.key}: this version is gone. Its rejected rows are kept: datapipe rejects export ${source.key} --out corrected.csv --env ${env}`,
    )
  }
}
