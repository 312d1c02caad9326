import { Chance } from './chance.js'

/**
 * Delivers events as EventBridge does: at least once, and in no order. Each comes one to three times; which come first is up to
 * the seed, so the event of an older version may come after that of a newer one, and a copy long after the first.
 * @param deliver takes one event; several are under way at once
 */
export async function deliverUnordered<Event>(
  events: readonly Event[],
  seed: number,
  deliver: (event: Event) => Promise<unknown>,
): Promise<{ deliveries: number }> {
  const chance = new Chance(seed)
  const copies = events.flatMap((event, index) =>
    Array.from({ length: chance.whole(`copies of ${index}`, 1, 3) }, (_, copy) => ({
      event,
      when: chance.of(`delivery ${copy} of ${index}`),
    })),
  )
  copies.sort((a, b) => a.when - b.when)
  const AT_ONCE = 3
  for (let first = 0; first < copies.length; first += AT_ONCE)
    await Promise.all(copies.slice(first, first + AT_ONCE).map(({ event }) => deliver(event)))
  return { deliveries: copies.length }
}
