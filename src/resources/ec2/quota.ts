import { awsErrorName } from '../../aws/retry.js'
import { DatapipeError } from '../../errors.js'

/** What EC2 answers when a quota of the service `vpc` is used up (spec §14, §15.1). */
const QUOTAS: Record<string, { quota: string; code: string }> = {
  VpcLimitExceeded: { quota: 'VPCs per Region', code: 'L-F678F1CE' },
  SubnetLimitExceeded: { quota: 'Subnets per VPC', code: 'L-407747CB' },
  InternetGatewayLimitExceeded: { quota: 'Internet gateways per Region', code: 'L-A4707A72' },
  RouteTableLimitExceeded: { quota: 'Route tables per VPC', code: 'L-589F43AA' },
  RouteLimitExceeded: { quota: 'Routes per route table', code: 'L-93826ACB' },
  SecurityGroupLimitExceeded: { quota: 'VPC security groups per Region', code: 'L-E79EC296' },
  RulesPerSecurityGroupLimitExceeded: {
    quota: 'Inbound or outbound rules per security group',
    code: 'L-0EA8095F',
  },
  VpcEndpointLimitExceeded: { quota: 'Gateway VPC endpoints per Region', code: 'L-1B52E74A' },
}

/** @throws DatapipeError QUOTA_EXCEEDED naming the quota and its code, instead of the bare error of a create call. */
export async function withinQuota<T>(call: Promise<T>, region: string): Promise<T> {
  try {
    return await call
  } catch (error) {
    const exceeded = QUOTAS[awsErrorName(error)]
    if (exceeded === undefined) throw error
    throw new DatapipeError(
      'QUOTA_EXCEEDED',
      `The quota "${exceeded.quota}" (${exceeded.code}) of this account is used up in ${region}.`,
      {
        suggestions: [
          'Delete what is no longer needed there, or use another region.',
          `Ask for more: aws service-quotas request-service-quota-increase --service-code vpc --quota-code ${exceeded.code} --region ${region} --desired-value <number>`,
        ],
        cause: error,
      },
    )
  }
}
