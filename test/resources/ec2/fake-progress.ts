/** What is on its way to another state: each look brings it nearer, as the clock does in EC2. */
export class Progress {
  readonly #left = new Map<string, { looks: number; arrive: () => void }>()

  /** After `looks` looks it arrives; with none, at once. */
  start(id: string, looks: number, arrive: () => void): void {
    if (looks === 0) arrive()
    else this.#left.set(id, { looks, arrive })
  }

  look(): void {
    for (const [id, step] of this.#left) {
      if (--step.looks > 0) continue
      this.#left.delete(id)
      step.arrive()
    }
  }
}
