import type { Baseline, DriftResult } from '../operate/drift/drift.js'
import type { DriftItem, DriftState } from '../operate/drift/differences.js'
import { VERSION } from '../version.js'
import { formatValue, plural } from './format.js'
import type { Colors, Reporter } from './reporter.js'

const MARKS: Record<DriftState, string> = {
  changed: '~',
  deleted: '-',
  foreign: '!',
  duplicate: '!',
  orphan: '+',
}

/** The answer of `drift` as a person reads it. That there is none is progress: a quiet run then says nothing at all. */
export function renderDrift(
  result: DriftResult,
  env: string,
  reporter: Pick<Reporter, 'out' | 'info' | 'colors'>,
): void {
  const { baseline, compared, drift, kept, notCompared } = result
  const since = sinceWhen(baseline)
  if (drift.length === 0) {
    reporter.info(
      `${env}: no drift. ${plural(compared, 'resource')} ${compared === 1 ? 'is' : 'are'} ${since}.`,
    )
  } else {
    const listed = drift.map((item) => renderItem(item, reporter.colors))
    const count = plural(new Set(drift.map(({ id }) => id)).size, 'resource')
    reporter.out([...listed, '', `${env}: ${count} not ${since}.`, ...advice(drift)].join('\n'))
    if (notCompared.length > 0) reporter.out(`Not compared, because of that: ${notCompared.join(', ')}.`)
  }
  for (const note of notes(baseline)) reporter.info(note)
  if (kept.length > 0)
    reporter.info(
      `Left over, and left alone: ${kept.map(({ id, reason }) => `${id} (${reason})`).join(', ')}.`,
    )
}

function renderItem(item: DriftItem, colors: Colors): string {
  const { detail, differences, id, physicalId, state, type } = item
  const paint = state === 'changed' ? colors.yellow : colors.red
  const where = physicalId === null || physicalId === id ? '' : ` ${physicalId}`
  const lines = differences.map(
    ({ expected, found, path }) =>
      `    ${path}: expected ${formatValue(expected)}, found ${formatValue(found)}`,
  )
  return [
    `${paint(`${MARKS[state]} ${state}`)} ${id} ${colors.dim(`(${type})`)}${where}`,
    ...lines,
    ...(detail === null ? [] : [`    ${detail}`]),
  ].join('\n')
}

function sinceWhen(baseline: Baseline): string {
  if (baseline.kind === 'configuration') return 'as datapipe.yaml says'
  return `as the \`up\` of ${baseline.at.slice(0, 16).replace('T', ' ')} UTC left them`
}

function advice(drift: readonly DriftItem[]): string[] {
  const has = (...states: DriftState[]) => drift.some(({ state }) => states.includes(state))
  return [
    ...(has('changed', 'deleted', 'orphan')
      ? [
          '`datapipe up` puts back what was changed or deleted, and deletes what is left over; look at `datapipe plan` first.',
        ]
      : []),
    ...(has('foreign')
      ? ['What is foreign stops every `up`, until --adopt takes it over or it is renamed.']
      : []),
    ...(has('duplicate') ? ['Of what is there twice, remove one or its datapipe: tags.'] : []),
  ]
}

function notes(baseline: Baseline): string[] {
  if (baseline.kind === 'configuration')
    return [
      'Nothing is noted of the last `up`, so edits of datapipe.yaml cannot be told from changes by hand.',
    ]
  const { configurationChanged, datapipe, unfinishedSince } = baseline
  return [
    ...(unfinishedSince === null
      ? []
      : [
          `An \`up\` with other settings began on ${unfinishedSince.slice(0, 16).replace('T', ' ')} UTC and is not known to have ended: what it did shows, too. Run \`datapipe up\` again.`,
        ]),
    ...(datapipe === VERSION
      ? []
      : [`That was datapipe ${datapipe}; what this version, ${VERSION}, makes otherwise shows, too.`]),
    ...(configurationChanged
      ? ['datapipe.yaml was edited since; that is no drift. `datapipe plan` shows what it would change.']
      : []),
  ]
}
