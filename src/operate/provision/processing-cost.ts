import { PRICES } from '../../aws/prices.js'
import type { Environment } from '../../config/schema.js'
import { SIZE_TIERS, type SizeTier } from '../../pipeline/size-tiers.js'
import type { RunRecord } from '../../transform/record.js'

const GB = 1e9
/** Fargate bills from the image pull and at least a minute (spec §15.2). */
const BILLED_BEFORE_START_SECONDS = 30
const MINIMUM_SECONDS = 60
/** States entered for one file: six of the dispatcher, six of the worker. */
const TRANSITIONS = 12
/** Bytes per second and vCPU that a plan may count on; `npm run bench:transform` measures several times that. */
const ASSUMED_BYTES_PER_VCPU_SECOND = 20e6

/** Of less than this, the minute that any task is billed for is all there is to measure: `usdPerFile` says what that costs. */
const LEAST_MEASURED_BYTES = 10e6

/** What it costs to process files of one size tier. */
export interface ProcessingCost {
  tier: string
  vcpu: number
  memoryGiB: number
  /** USD for a GB of CSV in files of this size, without storage. */
  usdPerGb: number
  /** USD for one file of the smallest size of the tier: what many small files cost. */
  usdPerFile: number
  basis: 'measured' | 'assumed'
}

/**
 * Cost per GB of each size tier: from what the loads of this environment took, where there were enough, else from a
 * throughput that any load reaches.
 */
export function processingCost(
  architecture: Environment['compute']['architecture'],
  records: readonly RunRecord[],
): ProcessingCost[] {
  const done = records
    .filter(({ status }) => status === 'succeeded')
    .map(({ durationMs, source }) => ({ durationMs, bytes: source.bytes ?? 0 }))
    .filter(({ bytes }) => bytes > 0)
  return SIZE_TIERS.map((tier, index) => {
    const from = SIZE_TIERS[index - 1]?.below ?? 0
    const ofTier = done.filter((load) => load.bytes >= from && load.bytes < (tier.below ?? Infinity))
    const bytes = ofTier.reduce((sum, load) => sum + load.bytes, 0)
    const usd = ofTier.reduce(
      (sum, { durationMs }) => sum + fileUsd(tier, durationMs / 1000, architecture),
      0,
    )
    const typical = tier.below ?? from * 2
    const assumed =
      fileUsd(tier, typical / (ASSUMED_BYTES_PER_VCPU_SECOND * (tier.cpu / 1024)), architecture) /
      (typical / GB)
    const isMeasured = bytes >= LEAST_MEASURED_BYTES
    return {
      tier: tier.state,
      vcpu: tier.cpu / 1024,
      memoryGiB: tier.memoryMiB / 1024,
      usdPerGb: isMeasured ? usd / (bytes / GB) : assumed,
      usdPerFile: fileUsd(tier, 0, architecture),
      basis: isMeasured ? 'measured' : 'assumed',
    }
  })
}

function fileUsd(
  tier: SizeTier,
  seconds: number,
  architecture: Environment['compute']['architecture'],
): number {
  const { fargateArmMemory, fargateArmVcpu, fargateX86Memory, fargateX86Vcpu, stepTransition } = PRICES.items
  const [vcpu, memory] =
    architecture === 'arm64' ? [fargateArmVcpu, fargateArmMemory] : [fargateX86Vcpu, fargateX86Memory]
  const hours = Math.max(MINIMUM_SECONDS, seconds + BILLED_BEFORE_START_SECONDS) / 3600
  const task = hours * ((tier.cpu / 1024) * vcpu.usd + (tier.memoryMiB / 1024) * memory.usd)
  return task + TRANSITIONS * stepTransition.usd
}
