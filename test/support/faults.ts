/** All positions of a fault are tried, not a sample of them: `FAULTS=all`. */
export const ALL_FAULTS = process.env.FAULTS === 'all'
/** Which sample; any number. */
const SEED = Number(process.env.FAULTS_SEED ?? 0)

/**
 * Numbers of calls after which a process dies, without end: each one, or every `step`-th from a first one that the seed and the
 * name of the scenario choose.
 */
export function* faultPositions(name: string, step: number): Generator<number> {
  const every = ALL_FAULTS ? 1 : step
  let first = SEED
  for (const letter of name) first = (first * 31 + letter.charCodeAt(0)) % 1_000_003
  for (let position = ALL_FAULTS ? 0 : first % every; ; position += every) yield position
}
