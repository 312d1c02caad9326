import type { AwsContext } from '../aws/context.js'
import type { Tags } from '../aws/tags.js'
import { Resource, type Observed, type ResourceOptions } from '../engine/resource.js'

/** A resource on AWS: knows its account, its clients and its tags. */
export abstract class AwsResource<
  Attributes extends object = object,
  Seen extends Observed<Attributes> = Observed<Attributes>,
> extends Resource<Attributes, Seen> {
  /** @param name physical name where AWS has one, otherwise the value of the `Name` tag */
  constructor(
    protected readonly aws: AwsContext,
    id: string,
    readonly name: string,
    options: ResourceOptions = {},
  ) {
    super(id, options)
  }

  get tags(): Tags {
    return this.aws.tags(this.id, this.name)
  }
}
