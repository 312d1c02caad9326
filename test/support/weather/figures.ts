import type { RunOutcome } from './run.js'

/** What was tried, in one line. */
export function figures(outcomes: readonly RunOutcome[]): string {
  const sum = (of: (outcome: RunOutcome) => number) => outcomes.reduce((total, one) => total + of(one), 0)
  const kinds = count(outcomes.flatMap(({ injected }) => injected.map(({ kind }) => kind)))
  const errors = count(outcomes.flatMap(({ commands }) => commands.flatMap(({ error }) => error ?? [])))
  return [
    `${outcomes.length} runs`,
    `${sum(({ commands }) => commands.length)} commands`,
    `${sum(({ calls }) => calls)} calls`,
    `${sum(({ injected }) => injected.length)} faults (${list(kinds)})`,
    `${sum(({ commands }) => commands.filter(({ code }) => code !== 0).length)} commands run again (${list(errors)})`,
    `${sum(({ violations }) => violations.length)} violations`,
  ].join(', ')
}

/** All that is needed to find out why a run went wrong. */
export function story({ commands, injected, scenario, seed }: RunOutcome): string {
  return [
    `seed ${seed}, ${scenario.variants.join(' -> ')}, ${scenario.files.length} files`,
    ...commands.map(
      ({ code, command, error, message, ms }) =>
        `  ${command}: ${code ?? 'killed'} after ${Math.round(ms)} ms ${error ?? ''} ${message ?? ''}`,
    ),
    `  injected: ${injected.map(({ call, kind }) => `${kind} ${call}`).join(', ')}`,
  ].join('\n')
}

function count(names: readonly string[]): Map<string, number> {
  const counted = new Map<string, number>()
  for (const name of names) counted.set(name, (counted.get(name) ?? 0) + 1)
  return counted
}

function list(counted: Map<string, number>): string {
  return [...counted].map(([name, number]) => `${name} ${number}`).join(', ') || 'none'
}
