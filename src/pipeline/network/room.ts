import type { AwsContext } from '../../aws/context.js'
import { shortage, type Demand } from '../../aws/quotas.js'
import { readableQuota } from '../../aws/service-quotas.js'
import type { Resource } from '../../engine/resource.js'
import { DatapipeError } from '../../errors.js'
import { ElasticIp } from '../../resources/ec2/elastic-ip.js'
import { NatGateway } from '../../resources/ec2/nat-gateway.js'
import { Subnet } from '../../resources/ec2/subnet.js'
import { VpcEndpoint } from '../../resources/ec2/vpc-endpoint.js'
import { Vpc } from '../../resources/ec2/vpc.js'
import { addressesInUse, endpointsIn, natGatewaysByZone, vpcsInUse } from './in-use.js'

/** Quotas with what AWS gives every account (https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html). */
const QUOTAS = {
  vpcs: { service: 'vpc', code: 'L-F678F1CE', standard: 5 },
  addresses: { service: 'ec2', code: 'L-0263D0A3', standard: 5 },
  natGateways: { service: 'vpc', code: 'L-FE5A380F', standard: 5 },
  interfaceEndpoints: { service: 'vpc', code: 'L-29B6F2EB', standard: 50 },
} as const

const FULL = 'QUOTA_EXCEEDED'

type QuotaName = keyof typeof QUOTAS

/**
 * Whether the account has room for what is about to be created of a network (spec §15.1): these quotas are small, and a
 * run that meets one halfway leaves half an environment. Asks AWS only about kinds that are among `creations`. An emulator has
 * no quotas, so it is not asked.
 * @throws DatapipeError QUOTA_EXCEEDED naming each quota that is too small, how much of it is in use and how to raise it
 */
export async function assertRoom(aws: AwsContext, creations: readonly Resource[]): Promise<void> {
  if (aws.emulated) return
  const found = await Promise.all([
    check(aws, 'vpcs', vpcs(aws, creations)),
    check(aws, 'addresses', addresses(aws, creations)),
    check(aws, 'natGateways', natGateways(aws, creations)),
    check(aws, 'interfaceEndpoints', interfaceEndpoints(aws, creations)),
  ])
  const shortages = found.flat()
  if (shortages.length === 0) return
  throw new DatapipeError(FULL, shortages.map(({ message }) => message).join('\n'), {
    suggestions: [...new Set(shortages.flatMap(({ suggestions }) => suggestions))],
  })
}

/** What `assertRoom` would refuse for, in one sentence for each quota. */
export async function roomProblem(
  aws: AwsContext,
  creations: readonly Resource[],
): Promise<string | undefined> {
  try {
    await assertRoom(aws, creations)
    return undefined
  } catch (error) {
    if (!(error instanceof DatapipeError) || error.code !== FULL) throw error
    return [error.message, ...error.suggestions].join('\n')
  }
}

/** Nothing is counted, and no quota read, where nothing is wanted. */
async function check(aws: AwsContext, name: QuotaName, demands: Promise<Demand[]> | undefined) {
  if (demands === undefined) return []
  const { code, service, standard } = QUOTAS[name]
  const [counted, own] = await Promise.all([demands, readableQuota(aws, { service, code })])
  const limit = { service, code, value: own ?? standard, read: own !== undefined }
  return counted.flatMap((demand) => shortage(demand, limit) ?? [])
}

function vpcs(aws: AwsContext, creations: readonly Resource[]): Promise<Demand[]> | undefined {
  const wanted = creations.filter((resource) => resource instanceof Vpc).length
  if (wanted === 0) return undefined
  return vpcsInUse(aws).then((inUse) => [{ what: 'VPCs', where: `in ${aws.region}`, inUse, wanted }])
}

function addresses(aws: AwsContext, creations: readonly Resource[]): Promise<Demand[]> | undefined {
  const wanted = creations.filter((resource) => resource instanceof ElasticIp).length
  if (wanted === 0) return undefined
  return addressesInUse(aws).then((inUse) => [
    { what: 'Elastic IP addresses', where: `in ${aws.region}`, inUse, wanted },
  ])
}

function natGateways(aws: AwsContext, creations: readonly Resource[]): Promise<Demand[]> | undefined {
  const wanted = countBy(
    creations
      .filter((resource) => resource instanceof NatGateway)
      .flatMap(({ dependsOn }) => dependsOn.find((one) => one instanceof Subnet)?.zoneId ?? []),
  )
  if (wanted.size === 0) return undefined
  return natGatewaysByZone(aws).then((zones) => {
    const inUse = countBy(zones)
    return [...wanted].map(([zone, count]) => ({
      what: 'NAT gateways',
      where: `in the zone ${zone}`,
      inUse: inUse.get(zone) ?? 0,
      wanted: count,
    }))
  })
}

function interfaceEndpoints(aws: AwsContext, creations: readonly Resource[]): Promise<Demand[]> | undefined {
  const endpoints = creations.filter(
    (resource) => resource instanceof VpcEndpoint && resource.kind === 'interface',
  )
  const vpc = endpoints[0]?.within.find((one) => one instanceof Vpc)
  if (vpc === undefined) return undefined
  const what = 'interface endpoints'
  const wanted = endpoints.length
  // One that is only now made has none.
  if (creations.includes(vpc)) return Promise.resolve([{ what, where: 'in the new VPC', inUse: 0, wanted }])
  const { vpcId } = vpc.attributes
  return endpointsIn(aws, vpcId).then((inUse) => [{ what, where: `in ${vpcId}`, inUse, wanted }])
}

function countBy(values: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return counts
}
