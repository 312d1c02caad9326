import { z } from 'zod'

const count = z.number().int().nonnegative()

/** What one run of the transform did with one version of one object. Kept in the transformed bucket, see `runKey`. */
export const runRecordSchema = z.object({
  schemaVersion: z.literal(1),
  /** Name of the execution that ran it. */
  runId: z.string(),
  dataset: z.string(),
  /** rejected: more rejected rows than the dataset allows. superseded: a newer version of the object was there already. */
  status: z.enum(['succeeded', 'failed', 'rejected', 'superseded']),
  source: z.object({
    bucket: z.string(),
    key: z.string(),
    /** 'null' in a bucket without versions, as S3 calls it. */
    versionId: z.string(),
    bytes: count.nullable(),
    /** Hexadecimal; null when the object was not read to its end. */
    sha256: z.string().nullable(),
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
    }),
  ),
  /** Keys of the two files with the rejected rows. */
  rejects: z.object({ rows: count, parquet: z.string(), csv: z.string() }).nullable(),
  error: z
    .object({ code: z.string(), message: z.string(), suggestions: z.array(z.string()).default([]) })
    .optional(),
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime(),
  durationMs: count,
  engine: z.string(),
  /** Version of datapipe. */
  datapipe: z.string(),
})

export type RunRecord = z.infer<typeof runRecordSchema>
