import {
  CreateTagsCommand,
  EC2Client,
  type ResourceType,
  type Tag,
  type TagSpecification,
} from '@aws-sdk/client-ec2'
import type { AwsContext } from '../../aws/context.js'
import { upperTags } from '../../aws/tags.js'
import type { Change } from '../../engine/change.js'
import type { Observed, ResourceOptions } from '../../engine/resource.js'
import { AwsResource } from '../resource.js'
import { Ec2Inventory } from './inventory.js'
import { singleHit, tagSpecifications } from './tagged.js'

/**
 * A resource of EC2, found by its tags. So what is found is always ours (`owned`), and foreign things are never met, except
 * where EC2 wants unique names or addresses, which is reported as an error.
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
