import type { Generation, Manifest } from './manifest.js'

/**
 * An earlier generation stays for so long after it was replaced: no query that began before runs on (Athena ends them after
 * 30 minutes; a Spark job may take a day), and a mistake that a week-end hid can be rolled back.
 */
export const KEPT_DAYS = 7
/** Of a partition that is rarely loaded, so many stay however old they are. */
export const KEPT_GENERATIONS = 5

const DAY_MS = 86_400_000

/** Divides earlier generations, oldest first, into those that stay and those that go. */
export function retained(
  history: readonly Generation[],
  now: Date,
): { kept: Generation[]; dropped: Generation[] } {
  const oldest = now.getTime() - KEPT_DAYS * DAY_MS
  const kept: Generation[] = []
  const dropped: Generation[] = []
  for (const [index, generation] of history.entries()) {
    const isRecent = index >= history.length - KEPT_GENERATIONS
    // It was what readers saw until its successor came.
    const replaced = history[index + 1]?.at
    const isYoung = replaced === undefined || Date.parse(replaced) >= oldest
    ;(isRecent || isYoung ? kept : dropped).push(generation)
  }
  return { kept, dropped }
}

/** A manifest whose current generation gives way to the next one. */
export function advanced(manifest: Manifest, next: Generation, now: Date): Manifest {
  const { kept } = retained([...manifest.history, manifest.current], now)
  return { ...manifest, current: next, history: kept }
}
