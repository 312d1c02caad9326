import type { AwsContext } from './context.js'
import { isAwsError } from './retry.js'

const SERVICE = 'fargate'
const ON_DEMAND_VCPU = 'L-3032A538'
const SPOT_VCPU = 'L-36FBB829'

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
    if (!isAwsError(error, 'AccessDenied', 'AccessDeniedException')) throw error
    return {
      quotas: {},
      warnings: [
        `The Fargate quota of the account could not be read (servicequotas:GetServiceQuota and servicequotas:GetAWSDefaultServiceQuota are not allowed). The sizes of tasks are not fitted to it: a task larger than the quota would wait in vain.`,
      ],
    }
  }
}

async function quota(aws: AwsContext, code: string): Promise<number | undefined> {
  const { GetAWSDefaultServiceQuotaCommand, GetServiceQuotaCommand, ServiceQuotasClient } =
    await import('@aws-sdk/client-service-quotas')
  const client = aws.clients.of(ServiceQuotasClient)
  const request = { ServiceCode: SERVICE, QuotaCode: code }
  try {
    return (await client.send(new GetServiceQuotaCommand(request))).Quota?.Value
  } catch (error) {
    if (!isAwsError(error, 'NoSuchResourceException')) throw error
    return (await client.send(new GetAWSDefaultServiceQuotaCommand(request))).Quota?.Value
  }
}
