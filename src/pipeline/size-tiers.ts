import type { FargateQuotas } from '../aws/service-quotas.js'

const MIB = 1024 * 1024
const GIB = 1024 * MIB

/** The Fargate size for files up to a size; CPU and memory must be a pair that Fargate has (spec §8.2). */
export interface SizeTier {
  state: string
  /** Exclusive, in bytes; undefined for the last tier. */
  below?: number
  /** CPU units, 1024 = one vCPU. */
  cpu: number
  memoryMiB: number
  ephemeralGiB: number
  timeoutSeconds: number
}

export const SIZE_TIERS: readonly SizeTier[] = [
  { state: 'Small', below: 64 * MIB, cpu: 512, memoryMiB: 2048, ephemeralGiB: 21, timeoutSeconds: 1800 },
  { state: 'Medium', below: GIB, cpu: 2048, memoryMiB: 8192, ephemeralGiB: 30, timeoutSeconds: 3600 },
  { state: 'Large', below: 8 * GIB, cpu: 4096, memoryMiB: 30_720, ephemeralGiB: 60, timeoutSeconds: 7200 },
  { state: 'XLarge', cpu: 16_384, memoryMiB: 122_880, ephemeralGiB: 200, timeoutSeconds: 14_400 },
]

/** For a file whose size nobody told, and for the task definition itself. */
export const DEFAULT_TIER = SIZE_TIERS[1]!

/** A tier as the account can start it. */
export interface RunTier extends SizeTier {
  /** The first attempt is made on Spot. */
  spot: boolean
}

/**
 * The tiers, fitted to the account. A task that is larger than the whole quota can never start, whatever it waits for: it
 * gets the CPU and memory of the largest tier that can. Disk and time-out stay those of its files. Below the smallest tier
 * nothing can be fitted. Spot has a quota of its own: a tier above it goes to on-demand capacity at once.
 */
export function runTiers(
  { onDemandVcpu = Infinity, spotVcpu = Infinity }: FargateQuotas,
  spot: boolean,
): RunTier[] {
  const fits = ({ cpu }: SizeTier, vcpu: number) => cpu <= vcpu * 1024
  const largest = SIZE_TIERS.filter((tier) => fits(tier, onDemandVcpu)).at(-1) ?? SIZE_TIERS[0]!
  return SIZE_TIERS.map((tier) => {
    const { cpu, memoryMiB } = fits(tier, onDemandVcpu) ? tier : largest
    const sized = { ...tier, cpu, memoryMiB }
    return { ...sized, spot: spot && fits(sized, spotVcpu) }
  })
}

/** Whether not even the smallest task can start. */
export function isBelowSmallest({ onDemandVcpu = Infinity }: FargateQuotas): boolean {
  return onDemandVcpu * 1024 < SIZE_TIERS[0]!.cpu
}
