import { IAMClient, ListRoleTagsCommand, paginateListRoles, type Role } from '@aws-sdk/client-iam'
import {
  paginateGetResources,
  ResourceGroupsTaggingAPIClient,
} from '@aws-sdk/client-resource-groups-tagging-api'
import type { AwsContext } from '../aws/context.js'
import { unlessMissing } from '../aws/retry.js'
import { fromTagList, TAG } from '../aws/tags.js'

/**
 * The other regions that an environment of this project and name exists in, as far as its roles tell: IAM knows no
 * regions, and whom a role trusts says which one it is for.
 */
export async function otherRegions(aws: AwsContext): Promise<string[]> {
  const iam = aws.clients.of(IAMClient)
  const regions = new Set<string>()
  for await (const page of paginateListRoles({ client: iam, pageSize: 1000 }, {})) {
    for (const role of page.Roles ?? []) {
      if (role.RoleName?.startsWith(`${aws.names.stem}-`) !== true) continue
      const region = trustedRegion(role)
      if (region === undefined || region === aws.region || regions.has(region)) continue
      const answer = await unlessMissing(
        iam.send(new ListRoleTagsCommand({ RoleName: role.RoleName })),
        'NoSuchEntityException',
        // Who may change this environment need not be allowed to look at that one.
        'AccessDenied',
      )
      if (aws.owns(fromTagList(answer?.Tags))) regions.add(region)
    }
  }
  return [...regions].sort()
}

/** The other projects that have an environment of this name in this region. */
export async function otherProjects(aws: AwsContext): Promise<string[]> {
  const projects = new Set<string>()
  const pages = paginateGetResources(
    { client: aws.clients.of(ResourceGroupsTaggingAPIClient), pageSize: 100 },
    {
      TagFilters: [{ Key: TAG.env, Values: [aws.env] }, { Key: TAG.project }],
      // One kind that each environment has; the API lists what was deleted for hours.
      ResourceTypeFilters: ['s3:bucket'],
    },
  )
  for await (const page of pages) {
    for (const found of page.ResourceTagMappingList ?? []) {
      const project = fromTagList(found.Tags)[TAG.project]
      if (project !== undefined && project !== aws.project) projects.add(project)
    }
  }
  return [...projects].sort()
}

function trustedRegion({ AssumeRolePolicyDocument: trust = '' }: Role): string | undefined {
  return /arn:aws[\w-]*:[\w-]+:([a-z]{2}(?:-[a-z]+)+-\d+):/.exec(decodeURIComponent(trust))?.[1]
}
