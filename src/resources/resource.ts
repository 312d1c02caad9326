import type { AwsContext } from '../aws/context.js'
import { TAG, type Tags } from '../aws/tags.js'
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
    return { ...this.aws.tags(this.id, this.name), ...(this.adopted && { [TAG.adopted]: 'true' }) }
  }

  /** The mark is a tag: it stays with the thing, whoever looks at it and from where. */
  override adoptionMark(observed: Seen & { tags?: Tags }): 'present' | 'missing' | 'impossible' {
    if (observed.tags === undefined) return 'impossible'
    return observed.tags[TAG.adopted] === undefined ? 'missing' : 'present'
  }
}
