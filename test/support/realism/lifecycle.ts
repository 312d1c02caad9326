/** How long something takes: until it has been looked at often enough, or for so long, whichever comes first. */
export interface Pace {
  looks: number
  ms?: number
}

interface Changing {
  state: string
  looks: number
  until: number
  finish: () => Promise<unknown>
}

/** Things that take their time. What happens at the end, happens in the emulator. */
export class Lifecycle {
  readonly #changing = new Map<string, Changing>()

  constructor(private readonly pace: Pace) {}

  /** @param finish done when its time has come, before the next call that could see it */
  begin(id: string, state: string, finish: () => Promise<unknown> = () => Promise.resolve()): void {
    const { looks, ms = Infinity } = this.pace
    this.#changing.set(id, { state, looks, until: performance.now() + ms, finish })
  }

  /** Never changes any more. */
  stay(id: string, state: string): void {
    const finish = () => Promise.resolve()
    this.#changing.set(id, { state, looks: Infinity, until: Infinity, finish })
  }

  stateOf(id: string): string | undefined {
    return this.#changing.get(id)?.state
  }

  /** Ends what has taken its time. */
  async settle(): Promise<void> {
    for (const [id, { finish, looks, until }] of this.#changing) {
      if (looks > 0 && performance.now() < until) continue
      this.#changing.delete(id)
      await finish()
    }
  }

  /** Somebody looks at it. @returns the state to show */
  look(id: string): string | undefined {
    const seen = this.#changing.get(id)
    if (seen === undefined) return undefined
    seen.looks--
    return seen.state
  }
}

/**
 * Changes the state of one item in an XML list in which each item names itself before its state.
 * @param more elements to put beside it
 */
export function withState(xml: string, idElement: string, id: string, state: string, more = ''): string {
  const start = xml.indexOf(`<${idElement}>${id}</${idElement}>`)
  if (start < 0) return xml
  const rest = xml.slice(start).replace(/<state>[^<]*<\/state>/, `<state>${state}</state>${more}`)
  return xml.slice(0, start) + rest
}

/** The ids of the items in an XML list. */
export function idsIn(xml: string, idElement: string): string[] {
  return [...xml.matchAll(new RegExp(`<${idElement}>([^<]+)</${idElement}>`, 'g'))].map(([, id]) => id ?? '')
}
