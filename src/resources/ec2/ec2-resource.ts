import {
  CreateTagsCommand,
  EC2Client,
  type ResourceType,
  type Tag,
  type TagSpecification,
} from '@aws-sdk/client-ec2'
import type { AwsContext } from '../../aws/context.js'
import { fromTagList, TAG, upperTags } from '../../aws/tags.js'
import type { Change } from '../../engine/change.js'
import type { Observed, ResourceOptions } from '../../engine/resource.js'
import { AwsResource } from '../resource.js'
import { Ec2Inventory } from './inventory.js'
import { singleHit, tagSpecifications } from './tagged.js'

/**
 * A resource of EC2, found by its tags. Where none carries them, what stands in its place is foreign: somebody else's, or
 * ours with its tags removed. Nothing is made beside it before somebody has said which.
 */
export abstract class Ec2Resource<
  Attributes extends object,
  Seen extends Observed<Attributes>,
> extends AwsResource<Attributes, Seen> {
  /** As people call it, for messages. */
  protected abstract readonly noun: string

  protected readonly ec2: EC2Client
  protected readonly inventory: Ec2Inventory

  constructor(aws: AwsContext, id: string, name: string, options: ResourceOptions) {
    super(aws, id, name, options)
    this.ec2 = aws.clients.of(EC2Client)
    this.inventory = Ec2Inventory.of(aws)
  }

  /** The one of a list that is this resource. @throws DatapipeError DUPLICATE_RESOURCE */
  protected pick<T extends { Tags?: Tag[] }>(
    found: readonly T[],
    physicalId: (item: T) => string | undefined,
  ): T | undefined {
    return singleHit(found, { id: this.id, noun: this.noun, physicalId })
  }

  /**
   * The one that carries our tags; else one in its place, which is not ours until it is adopted. What carries the tags of
   * another resource of this environment is that one, unless it has our name.
   * @param inPlace see `lost-tags.ts`
   * @throws DatapipeError DUPLICATE_RESOURCE
   */
  protected async find<T extends { Tags?: Tag[] }>(
    tagged: readonly T[],
    physicalId: (item: T) => string | undefined,
    inPlace: () => Promise<readonly T[]>,
  ): Promise<{ found: T; owned: boolean } | undefined> {
    const ours = this.pick(tagged, physicalId)
    if (ours !== undefined) return { found: ours, owned: true }
    const suspects = (await inPlace()).filter(({ Tags }) => {
      const tags = fromTagList(Tags)
      const isAnother = this.aws.owns(tags) && (tags[TAG.id] ?? '') !== ''
      return !isAnother || tags.Name === this.name
    })
    const [found] = suspects.toSorted((a, b) => ((physicalId(a) ?? '') < (physicalId(b) ?? '') ? -1 : 1))
    return found === undefined ? undefined : { found, owned: false }
  }

  protected tagSpecifications(type: ResourceType): TagSpecification[] {
    return tagSpecifications(type, this.tags)
  }

  /** Puts every tag of ours; tags that others added stay. */
  protected async putTags(physicalId: string): Promise<void> {
    await this.ec2.send(new CreateTagsCommand({ Resources: [physicalId], Tags: upperTags(this.tags) }))
  }
}

/** Whether a property, or anything below it, is among the changes. */
export function touches(changes: readonly Change[], path: string): boolean {
  return changes.some((change) => change.path === path || change.path.startsWith(`${path}.`))
}
