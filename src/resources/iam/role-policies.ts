import {
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  paginateListAttachedRolePolicies,
  paginateListInstanceProfilesForRole,
  paginateListRolePolicies,
  RemoveRoleFromInstanceProfileCommand,
  type IAMClient,
} from '@aws-sdk/client-iam'
import { unlessMissing } from '../../aws/retry.js'

const GONE = 'NoSuchEntityException'

/** Names, sorted. */
export async function inlinePolicyNames(iam: IAMClient, role: string): Promise<string[]> {
  const names: string[] = []
  for await (const page of paginateListRolePolicies({ client: iam }, { RoleName: role })) {
    names.push(...(page.PolicyNames ?? []))
  }
  return names.sort()
}

/** ARNs, sorted. */
export async function attachedPolicyArns(iam: IAMClient, role: string): Promise<string[]> {
  const arns: string[] = []
  for await (const page of paginateListAttachedRolePolicies({ client: iam }, { RoleName: role })) {
    for (const { PolicyArn: arn } of page.AttachedPolicies ?? []) if (arn !== undefined) arns.push(arn)
  }
  return arns.sort()
}

export async function deleteInlinePolicies(
  iam: IAMClient,
  role: string,
  names: readonly string[],
): Promise<void> {
  for (const PolicyName of names) {
    await unlessMissing(iam.send(new DeleteRolePolicyCommand({ RoleName: role, PolicyName })), GONE)
  }
}

export async function detachPolicies(iam: IAMClient, role: string, arns: readonly string[]): Promise<void> {
  for (const PolicyArn of arns) {
    await unlessMissing(iam.send(new DetachRolePolicyCommand({ RoleName: role, PolicyArn })), GONE)
  }
}

export async function leaveInstanceProfiles(iam: IAMClient, role: string): Promise<void> {
  for await (const page of paginateListInstanceProfilesForRole({ client: iam }, { RoleName: role })) {
    for (const { InstanceProfileName } of page.InstanceProfiles ?? []) {
      await unlessMissing(
        iam.send(new RemoveRoleFromInstanceProfileCommand({ RoleName: role, InstanceProfileName })),
        GONE,
      )
    }
  }
}
