import { DatapipeError } from '../errors.js'

interface Quota {
  what: string
  service: string
  /** Code of Service Quotas; undefined where the error does not say which quota it was. */
  code?: string
}

/** What is about to be created, and how much of it there is. */
export interface Demand {
  /** Of the thing, in the plural: `Elastic IP addresses`. */
  what: string
  /** Where the quota counts: `in us-east-1`. */
  where: string
  inUse: number
  wanted: number
}

export interface Limit {
  service: string
  code: string
  value: number
  /** false: it could not be read, so it is what AWS documents. */
  read: boolean
}

/** There is no room for a demand, how that was found out, and how to get more; undefined when there is. */
export function shortage(
  { inUse, wanted, what, where }: Demand,
  { code, read, service, value }: Limit,
): { message: string; suggestions: string[] } | undefined {
  // With more than AWS gives everybody the account has a quota of its own, whatever that is.
  if (inUse + wanted <= value || (!read && inUse > value)) return undefined
  const assumed = read
    ? ''
    : " The limit is AWS's default: that of the account could not be read (servicequotas:GetServiceQuota is not allowed)."
  return {
    message: `The AWS account has no room for ${wanted} more ${what} ${where}: ${inUse} of ${value} are in use (quota ${code}).${assumed}`,
    suggestions: [
      `Ask for more with \`aws service-quotas request-service-quota-increase --service-code ${service} --quota-code ${code} --desired-value ${inUse + wanted}\`, or remove what is not needed.`,
      ...(read ? [] : ['If the account has more than the default, allow servicequotas:GetServiceQuota.']),
    ],
  }
}

/** Errors that mean "your account may not have more of these" (spec §14, §15.1). */
const QUOTAS: Record<string, Quota> = {
  VpcLimitExceeded: { what: 'VPCs per region', service: 'vpc', code: 'L-F678F1CE' },
  InternetGatewayLimitExceeded: { what: 'internet gateways per region', service: 'vpc', code: 'L-A4707A72' },
  NatGatewayLimitExceeded: { what: 'NAT gateways per zone', service: 'vpc', code: 'L-FE5A380F' },
  SecurityGroupLimitExceeded: { what: 'security groups per region', service: 'vpc', code: 'L-E79EC296' },
  AddressLimitExceeded: { what: 'Elastic IP addresses', service: 'ec2', code: 'L-0263D0A3' },
  TooManyBuckets: { what: 'S3 buckets', service: 's3', code: 'L-DC2B2D3D' },
  VpcEndpointLimitExceeded: { what: 'gateway VPC endpoints per region', service: 'vpc', code: 'L-1B52E74A' },
  SubnetLimitExceeded: { what: 'subnets per VPC', service: 'vpc', code: 'L-407747CB' },
  RouteTableLimitExceeded: { what: 'route tables per VPC', service: 'vpc', code: 'L-589F43AA' },
  RouteLimitExceeded: { what: 'routes per route table', service: 'vpc', code: 'L-93826ACB' },
  RulesPerSecurityGroupLimitExceeded: {
    what: 'rules per security group',
    service: 'vpc',
    code: 'L-0EA8095F',
  },
  StateMachineLimitExceeded: { what: 'state machines', service: 'states' },
  TopicLimitExceeded: { what: 'SNS topics', service: 'sns' },
  TopicLimitExceededException: { what: 'SNS topics', service: 'sns' },
  ResourceNumberLimitExceededException: { what: 'objects of the Glue catalog', service: 'glue' },
}

/** Not throttling, although the SDK takes some of them for it: waiting does not help (spec §14). */
const GENERIC = new Set(['LimitExceeded', 'LimitExceededException', 'ServiceQuotaExceededException'])

/** A quota of the account that is used up, and how to have it raised. */
export function quotaExceeded(error: Error): DatapipeError | undefined {
  const known = Object.hasOwn(QUOTAS, error.name) ? QUOTAS[error.name] : undefined
  if (known === undefined && (!GENERIC.has(error.name) || error.message.startsWith('Rate exceeded')))
    return undefined
  const message =
    known === undefined
      ? `A quota of the AWS account is used up: ${error.message}`
      : `The AWS account has no room for more ${known.what}${known.code === undefined ? '' : ` (quota ${known.code})`}: ${error.message}`
  return new DatapipeError('QUOTA_EXCEEDED', message, {
    cause: error,
    suggestions: [
      known?.code === undefined
        ? `Look the quota up with \`aws service-quotas list-service-quotas --service-code ${known?.service ?? '<service>'}\` and ask for more, or remove what is not needed.`
        : `Ask for more with \`aws service-quotas request-service-quota-increase --service-code ${known.service} --quota-code ${known.code} --desired-value <n>\`, or remove what is not needed.`,
    ],
  })
}

/** @throws DatapipeError QUOTA_EXCEEDED instead of the bare error of a call that met a quota */
export async function withinQuota<T>(call: Promise<T>): Promise<T> {
  try {
    return await call
  } catch (error) {
    throw error instanceof Error ? (quotaExceeded(error) ?? error) : error
  }
}
