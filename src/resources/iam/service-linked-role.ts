import { CreateServiceLinkedRoleCommand, IAMClient, paginateListRoles } from '@aws-sdk/client-iam'
import type { AwsContext } from '../../aws/context.js'
import { isAwsError } from '../../aws/retry.js'
import type { Change } from '../../engine/change.js'
import type { Deletion, Observed, ResourceOptions } from '../../engine/resource.js'
import { messageOf } from '../../errors.js'
import { AwsResource } from '../resource.js'

export type LinkedService = 'ecs.amazonaws.com'

export interface ServiceLinkedRoleAttributes {
  service: string
}

/**
 * The role that a service acts with in this account. One for the whole account, made by whoever needs it first, and never
 * deleted by us: other environments and projects use it too. It carries no tags of ours and counts in no inventory.
 */
export class ServiceLinkedRole extends AwsResource<ServiceLinkedRoleAttributes> {
  readonly type = 'AWS::IAM::ServiceLinkedRole'
  override readonly shared = true
  readonly iamActions = ['iam:CreateServiceLinkedRole', 'iam:ListRoles']

  readonly #iam: IAMClient

  constructor(
    aws: AwsContext,
    id: string,
    private readonly service: LinkedService,
    options: ResourceOptions = {},
  ) {
    super(aws, id, service, options)
    this.#iam = aws.clients.of(IAMClient)
  }

  override get expectedPhysicalId(): string {
    return this.service
  }

  override get attributes(): ServiceLinkedRoleAttributes {
    return { service: this.service }
  }

  /** By its path, which is the service's; how the role is named there is the service's own affair. */
  async read(): Promise<Observed<ServiceLinkedRoleAttributes> | undefined> {
    const pages = paginateListRoles(
      { client: this.#iam },
      { PathPrefix: `/aws-service-role/${this.service}/` },
    )
    for await (const page of pages) {
      if ((page.Roles ?? []).length === 0) continue
      return { physicalId: this.service, attributes: this.attributes, owned: true }
    }
    return undefined
  }

  diff(): Change[] {
    return []
  }

  async create(): Promise<ServiceLinkedRoleAttributes> {
    try {
      await this.#iam.send(new CreateServiceLinkedRoleCommand({ AWSServiceName: this.service }))
    } catch (error) {
      const taken =
        isAwsError(error, 'EntityAlreadyExistsException') ||
        (isAwsError(error, 'InvalidInputException') && messageOf(error).includes('has been taken'))
      if (!taken) throw error
    }
    return this.attributes
  }

  update(): Promise<ServiceLinkedRoleAttributes> {
    return Promise.resolve(this.attributes)
  }

  delete(): Promise<Deletion> {
    return Promise.resolve({ status: 'retained' })
  }
}
