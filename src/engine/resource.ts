import type { Change } from './change.js'
import { UNKNOWN } from './change.js'
import { reachable } from './graph.js'
import type { Operation } from './operation.js'

/** What a read found: enough to diff against, to update and to delete. Subclasses add what they compare. */
export interface Observed<Attributes extends object> {
  /** The id AWS knows it by: ARN, name or `vpc-…`. */
  physicalId: string
  attributes: Attributes
  /** false: it has our name but not our tags, so it is somebody else's until `--adopt` names it. */
  owned: boolean
  /** ISO date on which AWS deletes it, for what is in a waiting period: it counts as gone. */
  pendingDeletionUntil?: string
}

export type Deletion =
  | { status: 'deleted' | 'absent' }
  /** Gone, but AWS keeps it for a while, like a KMS key in its waiting period. `until` is an ISO date. */
  | { status: 'scheduled'; until: string }
  /** Kept on purpose: it holds data. */
  | { status: 'retained' }
  /** It still exists because something holds it; `by` names what. */
  | { status: 'blocked'; by: string[] }

/** An item of what a resource costs while nothing runs, in USD per month of 730 h. */
export interface CostItem {
  item: string
  monthlyUsd: number
}

export type Action = 'create' | 'update' | 'replace' | 'delete' | 'unchanged'

export interface Ensured<Attributes extends object> {
  action: Exclude<Action, 'delete'>
  physicalId: string
  attributes: Attributes
  changes: Change[]
}

export interface ResourceOptions {
  dependsOn?: readonly Resource[]
  /** Resources it lives in (a subnet in its VPC): when one of them is replaced, this one is too. Implies dependsOn. */
  within?: readonly Resource[]
  /** Holds data: `down` keeps it unless told otherwise, and it is never replaced. */
  retain?: boolean
  /** What `down` must leave in place while it leaves this one: the key that a retained bucket is encrypted with. */
  keeps?: readonly Resource[]
}

/**
 * The contract of every resource: observe -> decide -> act -> return fresh attributes. No method may assume that an
 * earlier run finished: each can be killed between any two calls and must converge when called again.
 */
export abstract class Resource<
  Attributes extends object = object,
  Seen extends Observed<Attributes> = Observed<Attributes>,
> {
  /** The CloudFormation type name, for example `AWS::EC2::Subnet`. */
  abstract readonly type: string
  /** What the deployer must be allowed to do for create, read, update and delete. */
  abstract readonly iamActions: readonly string[]

  readonly dependsOn: readonly Resource[]
  readonly within: readonly Resource[]
  readonly #retain: boolean
  readonly #keeps: readonly Resource[]
  #adopted = false
  /** Belongs to the whole account: made when missing, never deleted, and no part of what an environment leaves behind. */
  readonly shared: boolean = false
  #attributes: Attributes | undefined

  /** @param id logical id, unique in the environment, for example `network/subnet/private/a` */
  constructor(
    readonly id: string,
    options: ResourceOptions = {},
  ) {
    this.within = options.within ?? []
    this.dependsOn = [...new Set([...(options.dependsOn ?? []), ...this.within])]
    this.#retain = options.retain ?? false
    this.#keeps = options.keeps ?? []
  }

  /** Holds data, or is treated like that because it was adopted. */
  get retain(): boolean {
    return this.#retain || this.#adopted
  }

  /** What must stay while this one is kept. Nobody knows what something adopted can do without: all that it was told to use. */
  get keeps(): readonly Resource[] {
    return this.#adopted ? [...reachable(this, ({ dependsOn }) => dependsOn)] : this.#keeps
  }

  /**
   * It was there before this environment, which took it over with `--adopt`. What somebody else made is never deleted
   * without being told to: until then it is kept, and never replaced, like data.
   */
  get adopted(): boolean {
    return this.#adopted
  }

  /** Called by the engine, when it takes something over and when it reads something that an earlier run took over. */
  adopt(): void {
    this.#adopted = true
  }

  /** What is remembered of an adoption at the thing itself; `impossible` where there is no place for a mark. */
  adoptionMark(_observed: Seen): 'present' | 'missing' | 'impossible' {
    return 'impossible'
  }

  /**
   * Finds it by its deterministic name or its tags. Pages to the end. All reads run at once, so it may look at no attribute
   * of a dependency, except of what it is `within`: those are UNKNOWN while that does not exist.
   */
  abstract read(op: Operation): Promise<Seen | undefined>
  /** Pure: every property that is not as desired. */
  abstract diff(observed: Seen): Change[]
  abstract create(op: Operation): Promise<Attributes>
  /** Changes in place what `changes` names; never called with a change that replaces. */
  abstract update(observed: Seen, changes: readonly Change[], op: Operation): Promise<Attributes>
  /** Deletes and waits until it is gone; tolerates that it is gone already. */
  abstract delete(observed: Seen, op: Operation): Promise<Deletion>

  /** What it costs while idle; nothing unless a subclass says so. */
  cost(): CostItem[] {
    return []
  }

  /** The physical id as far as it is known before creation. */
  get expectedPhysicalId(): string {
    return UNKNOWN
  }

  /** Fresh attributes, for dependents. In a plan, those of a resource that does not exist yet read `(known after up)`. */
  get attributes(): Attributes {
    if (this.#attributes === undefined) throw new Error(`${this.id} was used before it was resolved`)
    return this.#attributes
  }

  /** Called by the engine when attributes become known. */
  resolve(attributes: Attributes): void {
    this.#attributes = attributes
  }

  /** Called by the engine in a plan when the resource is still to be created. */
  resolveUnknown(): void {
    this.#attributes = new Proxy({} as Attributes, { get: () => UNKNOWN })
  }
}
