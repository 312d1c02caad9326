import { FAULT_KINDS, type FaultKind } from './kinds.js'

/**
 * The seeds to try: `WEATHER_SEEDS=101-200`, so that several processes can share the work; or `WEATHER_RUNS=n` of them from a
 * beginning that `FAULTS_SEED` chooses.
 */
export function chosenSeeds(env: NodeJS.ProcessEnv, runs: number): number[] {
  const [, from, to] = /^(\d+)(?:-(\d+))?$/.exec(env.WEATHER_SEEDS ?? '') ?? []
  const first = Number(from ?? 1 + 1000 * Number(env.FAULTS_SEED ?? 0))
  const last = from === undefined ? first + Number(env.WEATHER_RUNS ?? runs) - 1 : Number(to ?? from)
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index)
}

/** `WEATHER_RATE=0.3` and `WEATHER_KINDS=cut-after,conflict`: worse weather, or weather of some kinds only, to look closer at something. */
export function chosenWeather(env: NodeJS.ProcessEnv): { rate?: number; kinds?: FaultKind[] } {
  const names = env.WEATHER_KINDS?.split(',') ?? []
  return {
    ...(env.WEATHER_RATE === undefined ? {} : { rate: Number(env.WEATHER_RATE) }),
    ...(names.length === 0 ? {} : { kinds: FAULT_KINDS.filter((kind) => names.includes(kind)) }),
  }
}
