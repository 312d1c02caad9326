import { diffProperties, type Change } from '../../src/engine/change.js'
import type { Operation } from '../../src/engine/operation.js'
import { Resource, type Deletion, type Observed, type ResourceOptions } from '../../src/engine/resource.js'

export interface Thing {
  /** The id that the cloud chose. */
  ref: string
  settings: Record<string, string>
  owned: boolean
}

export type Verb = 'read' | 'create' | 'configure' | 'update' | 'delete'

/** A cloud in memory. It refuses to delete what something else refers to, as the real one does. */
export class FakeCloud {
  readonly things = new Map<string, Thing>()
  /** Every call that got through, like `create vpc`. */
  readonly log: string[] = []
  /** Runs in place of the network: may wait, or throw before the call has an effect. */
  before: (verb: Verb, id: string) => Promise<void> | void = () => undefined
  /** May throw after the call had its effect: the answer is lost. */
  after: (verb: Verb, id: string) => void = () => undefined
  #serial = 0

  async call<T>(verb: Verb, id: string, effect: () => T): Promise<T> {
    await this.before(verb, id)
    const result = effect()
    this.log.push(`${verb} ${id}`)
    this.after(verb, id)
    return result
  }

  newRef(id: string): string {
    return `${id}#${++this.#serial}`
  }

  put(id: string, settings: Record<string, string> = {}, owned = true): string {
    const ref = this.newRef(id)
    this.things.set(id, { ref, settings, owned })
    return ref
  }

  holders(ref: string): string[] {
    return [...this.things]
      .filter(([, thing]) => Object.values(thing.settings).includes(ref))
      .map(([id]) => id)
  }

  /** Calls with one of these verbs, in order. */
  calls(...verbs: Verb[]): string[] {
    return this.log.filter((line) => verbs.some((verb) => line.startsWith(`${verb} `)))
  }

  writes(): string[] {
    return this.log.filter((line) => !line.startsWith('read '))
  }

  /** Everything there is, with the serial numbers of references that point at something that exists taken off. */
  snapshot(): Record<string, Record<string, string>> {
    const living = new Set([...this.things.values()].map((thing) => thing.ref))
    const plain = (value: string) => (living.has(value) ? value.replace(/#\d+$/, '') : value)
    const entries = [...this.things].map(([id, thing]): [string, Record<string, string>] => [
      id,
      Object.fromEntries(Object.entries(thing.settings).map(([key, value]) => [key, plain(value)])),
    ])
    return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)))
  }
}

interface FakeAttributes {
  ref: string
}

interface FakeObserved extends Observed<FakeAttributes> {
  settings: Record<string, string>
}

export interface FakeOptions extends ResourceOptions {
  settings?: Record<string, string | (() => string)>
  /** Settings that the cloud cannot change in place. */
  replaces?: string[]
  /** Instead of being deleted. */
  deletion?: Deletion
}

/** Its creation takes two calls, so a kill between them leaves a half-made thing. */
export class FakeResource extends Resource<FakeAttributes, FakeObserved> {
  readonly type = 'Fake::Thing'
  readonly iamActions = []

  constructor(
    readonly cloud: FakeCloud,
    id: string,
    private readonly options: FakeOptions = {},
  ) {
    super(id, options)
  }

  get #desired(): Record<string, string> {
    const entries = Object.entries(this.options.settings ?? {})
    return Object.fromEntries(
      entries.map(([key, value]) => [key, typeof value === 'function' ? value() : value]),
    )
  }

  read(_op: Operation): Promise<FakeObserved | undefined> {
    return this.cloud.call('read', this.id, () => {
      const thing = this.cloud.things.get(this.id)
      return thing && { ...observedOf(thing), settings: { ...thing.settings } }
    })
  }

  diff(observed: FakeObserved): Change[] {
    const owner: Change[] = observed.owned
      ? []
      : [{ path: 'tags.owner', from: null, to: 'us', replaces: false }]
    return [
      ...diffProperties(observed.settings, this.#desired, { replaces: this.options.replaces }),
      ...owner,
    ]
  }

  async create(_op: Operation): Promise<FakeAttributes> {
    const fixed = this.options.replaces ?? []
    const desired = Object.entries(this.#desired)
    const thing = await this.cloud.call('create', this.id, () => {
      if (this.cloud.things.has(this.id)) throw new Error(`${this.id} exists already`)
      const settings = Object.fromEntries(desired.filter(([key]) => fixed.includes(key)))
      this.cloud.put(this.id, settings)
      return this.cloud.things.get(this.id)!
    })
    const rest = desired.filter(([key]) => !fixed.includes(key))
    if (rest.length > 0) {
      await this.cloud.call('configure', this.id, () =>
        Object.assign(thing.settings, Object.fromEntries(rest)),
      )
    }
    return { ref: thing.ref }
  }

  async update(observed: FakeObserved, changes: readonly Change[], _op: Operation): Promise<FakeAttributes> {
    const thing = this.cloud.things.get(this.id)
    if (thing === undefined) throw new Error(`${this.id} does not exist`)
    for (const change of changes) {
      if (change.replaces) throw new Error(`${this.id}: ${change.path} cannot be changed in place`)
      await this.cloud.call('update', this.id, () => {
        if (change.path === 'tags.owner') thing.owned = true
        else thing.settings[change.path] = String(change.to)
      })
    }
    return observed.attributes
  }

  delete(observed: FakeObserved, _op: Operation): Promise<Deletion> {
    return this.cloud.call('delete', this.id, (): Deletion => {
      if (this.options.deletion !== undefined) return this.options.deletion
      const by = this.cloud.holders(observed.physicalId)
      if (by.length > 0) return { status: 'blocked', by }
      return { status: this.cloud.things.delete(this.id) ? 'deleted' : 'absent' }
    })
  }
}

function observedOf({ owned, ref }: Thing): Observed<FakeAttributes> {
  return { physicalId: ref, attributes: { ref }, owned }
}

/** Builds resources whose settings refer to what they depend on: `vpc`, `subnet` in it, and so on. */
export function fakes(cloud: FakeCloud) {
  return (id: string, dependsOn: FakeResource[] = [], options: FakeOptions = {}): FakeResource => {
    const references = dependsOn.map((one): [string, () => string] => [
      `uses-${one.id}`,
      () => one.attributes.ref,
    ])
    return new FakeResource(cloud, id, {
      ...options,
      dependsOn: [...dependsOn, ...(options.dependsOn ?? [])],
      settings: { ...Object.fromEntries(references), ...options.settings },
    })
  }
}

/** Something to wait for that the test decides about. */
export function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => undefined
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  return { promise, resolve }
}

/** Lets everything that can go on go on. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
