import { createHash } from 'node:crypto'

/**
 * Numbers in [0, 1) that depend on nothing but a seed and a name: whoever asks first, and how often somebody else asked, makes
 * no difference, so what happens to a call does not depend on the timing of others.
 */
export class Chance {
  constructor(readonly seed: number) {}

  of(name: string): number {
    return createHash('sha256').update(`${this.seed}:${name}`).digest().readUInt32BE() / 2 ** 32
  }

  /** A whole number from `least` to `most`. */
  whole(name: string, least: number, most: number): number {
    return least + Math.floor(this.of(name) * (most - least + 1))
  }

  /** @throws RangeError when there is nothing to choose from */
  pick<T>(name: string, choices: readonly T[]): T {
    const chosen = choices[Math.floor(this.of(name) * choices.length)]
    if (chosen === undefined) throw new RangeError(`nothing to choose for ${name}`)
    return chosen
  }
}
