import type { StatusResult } from '../operate/provision/status.js'
import { formatCount, formatDuration, formatUsd, plural } from './format.js'
import { processingLine } from './plan.js'
import type { Reporter } from './reporter.js'

/** The answer of `status` as a person reads it: trouble first, then the data, then the money. */
export function renderStatus(
  { cost, datasets, resources, runs }: StatusResult,
  options: { env: string; all: boolean },
  reporter: Reporter,
): void {
  const wrong = resources.filter(({ state }) => state !== 'ok')
  const shown = options.all ? resources : wrong
  reporter.out(
    wrong.length === 0
      ? `${options.env}: ${plural(resources.length, 'resource')}, all as they should be.`
      : `${options.env}: ${wrong.length} of ${plural(resources.length, 'resource')} not as they should be. \`datapipe plan\` says why, \`datapipe up\` repairs it.`,
  )
  if (shown.length > 0) {
    reporter.table(
      ['resource', 'type', 'state', 'drift'],
      shown.map(({ drift, id, state, type }) => [id, type, state, drift.join(', ')]),
    )
  }
  if (datasets.length > 0) {
    reporter.out('')
    reporter.table(
      ['dataset', 'table', 'rows', 'files'],
      datasets.map(({ files, name, rows, table }) => [name, table, formatCount(rows), formatCount(files)]),
    )
  }
  if (runs.length > 0) {
    reporter.out('')
    reporter.table(
      ['last runs', 'file', 'outcome', 'rows in', 'out', 'rejected', 'took'],
      runs.map((run) => [
        run.finishedAt.slice(0, 19).replace('T', ' '),
        run.source.key,
        run.quarantined === true ? 'quarantined' : run.status,
        formatCount(run.rowsIn),
        formatCount(run.rowsOut),
        formatCount(run.rowsRejected),
        formatDuration(run.durationMs),
      ]),
    )
  }
  reporter.out(
    `\nIdle, it costs about ${formatUsd(cost.idleMonthlyUsd)} a month. ${processingLine(cost.processing)}`,
  )
}
