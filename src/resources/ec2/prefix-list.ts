import { paginateDescribeManagedPrefixLists } from '@aws-sdk/client-ec2'
import type { AwsContext } from '../../aws/context.js'
import type { Change } from '../../engine/change.js'
import type { Deletion, Observed } from '../../engine/resource.js'
import { DatapipeError } from '../../errors.js'
import { Ec2Resource } from './ec2-resource.js'
import { collect } from './pages.js'
import { filter, present } from './tagged.js'

export interface PrefixListAttributes {
  prefixListId: string
}

/** The addresses of an AWS service in this region, as AWS keeps them: for rules of security groups. Only ever read. */
export class AwsPrefixList extends Ec2Resource<PrefixListAttributes, Observed<PrefixListAttributes>> {
  readonly type = 'AWS::EC2::PrefixList'
  readonly iamActions = ['ec2:DescribeManagedPrefixLists']
  override readonly shared = true
  protected readonly noun = 'prefix list'
  readonly #listName: string

  constructor(aws: AwsContext, id: string, service: 's3') {
    const listName = `com.amazonaws.${aws.region}.${service}`
    super(aws, id, listName, {})
    this.#listName = listName
  }

  /** @throws DatapipeError PREFIX_LIST_MISSING */
  async read(): Promise<Observed<PrefixListAttributes>> {
    const lists = await collect(
      paginateDescribeManagedPrefixLists(
        { client: this.ec2 },
        { Filters: [filter('prefix-list-name', this.#listName)] },
      ),
      (page) => page.PrefixLists,
    )
    const found = lists.find((list) => list.PrefixListName === this.#listName)
    if (found === undefined) throw this.#missing()
    const prefixListId = present(found.PrefixListId, 'PrefixListId')
    return { physicalId: prefixListId, attributes: { prefixListId }, owned: true }
  }

  diff(): Change[] {
    return []
  }

  create(): Promise<PrefixListAttributes> {
    return Promise.reject(this.#missing())
  }

  update(observed: Observed<PrefixListAttributes>): Promise<PrefixListAttributes> {
    return Promise.resolve(observed.attributes)
  }

  delete(): Promise<Deletion> {
    return Promise.resolve({ status: 'retained' })
  }

  #missing(): DatapipeError {
    return new DatapipeError(
      'PREFIX_LIST_MISSING',
      `AWS has no prefix list ${this.#listName} in this region, which the rules of the tasks need.`,
      { suggestions: ['Use another network.egress in datapipe.yaml: nat, nat-per-az or public.'] },
    )
  }
}
