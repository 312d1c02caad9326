import type { AwsContext } from '../../aws/context.js'
import { PRICES } from '../../aws/prices.js'
import type { Environment } from '../../config/schema.js'
import { runRecords } from '../records.js'
import { idleCost, type IdleCost } from './cost.js'
import { prepare } from './prepare.js'
import { processingCost, type ProcessingCost } from './processing-cost.js'

export interface CostResult {
  idle: IdleCost
  processing: ProcessingCost[]
  queryUsdPerTb: number
  /** The price table: every price with its unit, source and age. */
  prices: typeof PRICES
}

/** What the environment that datapipe.yaml describes costs, whether it is up or not. Reads only. */
export async function costReport(aws: AwsContext, environment: Environment): Promise<CostResult> {
  const { parts } = await prepare(aws, environment)
  const isUp = (await parts.storage.transformed.read()) !== undefined
  const records = isUp ? await runRecords(aws) : []
  return {
    idle: idleCost(parts.all),
    processing: processingCost(environment.compute.architecture, records),
    queryUsdPerTb: PRICES.items.athenaScan.usd,
    prices: PRICES,
  }
}
