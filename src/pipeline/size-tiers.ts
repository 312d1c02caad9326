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
