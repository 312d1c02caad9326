interface Config {
  region: string
  endpoint: string
  credentials: { accessKeyId: string; secretAccessKey: string }
  forcePathStyle: boolean
}

interface Client {
  destroy(): void
}

/** The emulator behind the rules: what it holds is what a rule decides by. */
export class Emulator {
  readonly #clients = new Map<unknown, Map<string, Client>>()

  constructor(readonly endpoint: string) {}

  /** A client that goes past all rules. */
  client<C extends Client>(constructor: new (config: Config) => C, region: string): C {
    const regions = this.#clients.get(constructor) ?? new Map<string, Client>()
    this.#clients.set(constructor, regions)
    const known = regions.get(region)
    if (known !== undefined) return known as C
    const client = new constructor({
      region,
      endpoint: this.endpoint,
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      forcePathStyle: true,
    })
    regions.set(region, client)
    return client
  }

  destroy(): void {
    for (const regions of this.#clients.values()) for (const client of regions.values()) client.destroy()
    this.#clients.clear()
  }
}
