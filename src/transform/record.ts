import { z } from 'zod'
import { checkResultSchema } from './checks/result.js'
import { driftSchema } from './contract/drift.js'

const count = z.number().int().nonnegative()

/**
 * What one run of the transform did with one version of one object. Kept in the transformed bucket, see `runKey`, as one line
 * of JSON: the records are a table too, `runs-table.ts`.
 */
export const runRecordSchema = z.object({
  schemaVersion: z.literal(1),
  /** Name of the execution that ran it. */
  runId: z.string(),
  dataset: z.string(),
  /**
   * rejected: more rejected rows than the dataset allows. superseded: a newer version of the object was there already.
   * rolled_back: it was loaded, and taken out again; nothing loads it again by itself.
   */
  status: z.enum(['succeeded', 'failed', 'rejected', 'superseded', 'rolled_back']),
  source: z.object({
    bucket: z.string(),
    key: z.string(),
    /** 'null' in a bucket without versions, as S3 calls it. */
    versionId: z.string(),
    bytes: count.nullable(),
    /** Hexadecimal; null when the object was not read to its end. */
    sha256: z.string().nullable(),
    /** When S3 got that version, milliseconds since 1970. */
    lastModified: z.number().optional(),
  }),
  /** Counts are 0 when the run ended before they were known. */
  rowsIn: count,
  rowsAccepted: count,
  rowsOut: count,
  rowsRejected: count,
  outputs: z.array(
    z.object({
      table: z.string(),
      key: z.string(),
      rows: count,
      bytes: count,
      partition: z.record(z.string(), z.string().nullable()),
      /** Of the object in S3: what a roll-back restores. */
      versionId: z.string().optional(),
    }),
  ),
  /** The generations that this version made current, where partitions have some; also those of an attempt that died before its record. */
  generations: z
    .array(
      z.object({
        table: z.string(),
        partition: z.record(z.string(), z.string().nullable()),
        number: count,
        location: z.string(),
        rows: count,
      }),
    )
    .default([]),
  /** How the file differed from its table. */
  drift: z.array(driftSchema).default([]),
  /** What the checks of the dataset found in it. */
  checks: z.array(checkResultSchema).default([]),
  /** When it was taken out again. */
  rolledBackAt: z.iso.datetime().optional(),
  /** Keys of the two files with the rejected rows. */
  rejects: z
    .object({
      rows: count,
      parquet: z.string(),
      csv: z.string(),
      reasons: z.array(z.string()).default([]),
    })
    .nullable(),
  /** The object is tagged: nothing loads this version by itself until it is replayed. */
  quarantined: z.boolean().optional(),
  error: z
    .object({ code: z.string(), message: z.string(), suggestions: z.array(z.string()).default([]) })
    .optional(),
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime(),
  durationMs: count,
  /** Hash of the dataset's configuration that it was loaded with, see container/loaded.ts. */
  configuration: z.string().optional(),
  engine: z.string(),
  /** Version of datapipe. */
  datapipe: z.string(),
})

export type RunRecord = z.infer<typeof runRecordSchema>
