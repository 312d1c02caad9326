import type { AwsContext } from './context.js'
import { isAwsError, unlessMissing } from './retry.js'

/** A quota as Service Quotas knows it. */
export interface QuotaCode {
  service: string
  code: string
}

const ON_DEMAND_VCPU: QuotaCode = { service: 'fargate', code: 'L-3032A538' }
const SPOT_VCPU: QuotaCode = { service: 'fargate', code: 'L-36FBB829' }
/** What Service Quotas calls it when the caller may not ask. */
const DENIED = ['AccessDenied', 'AccessDeniedException']

/** vCPUs that the account may run at once on Fargate; undefined where nobody could say. */
export interface FargateQuotas {
  onDemandVcpu?: number
  spotVcpu?: number
}

export interface QuotaReading {
  quotas: FargateQuotas
  /** What could not be read, and what follows from that. */
  warnings: string[]
}

/**
 * How many vCPUs the account may run at once on Fargate (spec §8, §15.1). An account without a value of its own has AWS's
 * default. Who may not ask gets no cap and a warning. An emulator has no quotas, so it is not asked.
 * @param spot whether the quota for Spot matters
 */
export async function fargateQuotas(aws: AwsContext, spot: boolean): Promise<QuotaReading> {
  if (aws.emulated) return { quotas: {}, warnings: [] }
  try {
    const [onDemandVcpu, spotVcpu] = await Promise.all([
      quota(aws, ON_DEMAND_VCPU),
      spot ? quota(aws, SPOT_VCPU) : undefined,
    ])
    return { quotas: { onDemandVcpu, spotVcpu }, warnings: [] }
  } catch (error) {
    if (!isAwsError(error, ...DENIED)) throw error
    return {
      quotas: {},
      warnings: [
        `The Fargate quota of the account could not be read (servicequotas:GetServiceQuota and servicequotas:GetAWSDefaultServiceQuota are not allowed). The sizes of tasks are not fitted to it: a task larger than the quota would wait in vain.`,
      ],
    }
  }
}

/** A quota of the account, AWS's default where it has no value of its own; undefined for who may not ask. */
export async function readableQuota(aws: AwsContext, code: QuotaCode): Promise<number | undefined> {
  return unlessMissing(quota(aws, code), ...DENIED)
}

async function quota(aws: AwsContext, { code, service }: QuotaCode): Promise<number | undefined> {
  const { GetAWSDefaultServiceQuotaCommand, GetServiceQuotaCommand, ServiceQuotasClient } =
    await import('@aws-sdk/client-service-quotas')
  const client = aws.clients.of(ServiceQuotasClient)
  const request = { ServiceCode: service, QuotaCode: code }
  try {
    return (await client.send(new GetServiceQuotaCommand(request))).Quota?.Value
  } catch (error) {
    if (!isAwsError(error, 'NoSuchResourceException')) throw error
    return (await client.send(new GetAWSDefaultServiceQuotaCommand(request))).Quota?.Value
  }
}
