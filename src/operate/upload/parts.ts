const MIB = 2 ** 20
/** S3 takes at most this many parts (spec §5.7). */
const MAX_PARTS = 10_000
const PART_BYTES = 8 * MIB
const SENDERS = 4
/** Buffers of all senders together: huge parts go one at a time. */
const MAX_BUFFER_BYTES = 256 * MIB

/** Up to this size a file goes in one request. */
export const SMALL_BYTES = PART_BYTES

export interface PartPlan {
  /** Of the whole file. */
  bytes: number
  partBytes: number
  count: number
  /** Parts under way at once, each with its own buffer. */
  concurrency: number
}

/** How a file of this size is cut: 8 MiB parts, four at a time, and larger ones where 10,000 would not do. */
export function partPlan(bytes: number): PartPlan {
  const partBytes = Math.max(PART_BYTES, Math.ceil(bytes / MAX_PARTS / MIB) * MIB)
  const count = Math.ceil(bytes / partBytes)
  const fitting = Math.max(1, Math.floor(MAX_BUFFER_BYTES / partBytes))
  return { bytes, partBytes, count, concurrency: Math.min(SENDERS, fitting, count) }
}

/** @param index from 0; outside of the file: 0 */
export function partLength({ bytes, partBytes }: PartPlan, index: number): number {
  return Math.max(0, Math.min(partBytes, bytes - index * partBytes))
}
