import type { S3Client } from '@aws-sdk/client-s3'
import { z } from 'zod'
import { getJson, PreconditionLost, putJson } from './objects.js'

const pointerSchema = z.object({
  schemaVersion: z.literal(1),
  versionId: z.string(),
  /** When S3 got that version, milliseconds since 1970: the larger one is the newer. */
  lastModified: z.number(),
  /** publishing: a run has begun to write the outputs; they may be incomplete. */
  state: z.enum(['publishing', 'published']),
  /** Keys of the data files, and while publishing also of those that may have to go. */
  outputs: z.array(z.string()),
  rejects: z.array(z.string()),
})

/** Which version of a source the table has, and everything that it produced. */
export type SourcePointer = z.infer<typeof pointerSchema>

export interface Claim {
  etag: string
  pointer: SourcePointer
  /** The pointer says so already: this version was published before. */
  isPublished: boolean
  /** Keys of earlier versions that the new one does not produce. */
  stale: string[]
}

const ATTEMPTS = 10

/** @throws ZodError when it is none */
export function parsePointer(body: unknown): SourcePointer {
  return pointerSchema.parse(body)
}

/** Undefined before the source's first load. */
export async function readPointer(
  s3: S3Client,
  { bucket, key }: { bucket: string; key: string },
): Promise<SourcePointer | undefined> {
  const found = await getJson(s3, bucket, key)
  return found && pointerSchema.parse(found.body)
}

/** The version that is published completely; undefined when there is none, or when a run is about to change it. */
export async function publishedVersion(
  s3: S3Client,
  { bucket, key }: { bucket: string; key: string },
): Promise<string | undefined> {
  const pointer = await readPointer(s3, { bucket, key })
  return pointer?.state === 'published' ? pointer.versionId : undefined
}

/**
 * Says in the pointer, before anything is written, which keys this run writes: whoever comes next knows what it may find,
 * even when this run dies half-way. Undefined: a newer version has claimed the source already.
 */
export async function claimSource(
  s3: S3Client,
  { bucket, key }: { bucket: string; key: string },
  wanted: Omit<SourcePointer, 'state' | 'schemaVersion'>,
): Promise<Claim | undefined> {
  for (let attempt = 1; ; attempt++) {
    const found = await getJson(s3, bucket, key)
    const current = found && pointerSchema.parse(found.body)
    if (current && current.versionId !== wanted.versionId && current.lastModified > wanted.lastModified)
      return undefined
    const produced = new Set([...wanted.outputs, ...wanted.rejects])
    const stale = [...(current?.outputs ?? []), ...(current?.rejects ?? [])].filter(
      (output) => !produced.has(output),
    )
    const pointer = pointerSchema.parse({ schemaVersion: 1, ...wanted, state: 'published' })
    if (found && stale.length === 0 && JSON.stringify(current) === JSON.stringify(pointer)) {
      return { etag: found.etag, pointer, isPublished: true, stale }
    }
    const claimed: SourcePointer = { ...pointer, state: 'publishing', outputs: [...wanted.outputs, ...stale] }
    try {
      const etag = await putJson(s3, bucket, key, claimed, { etag: found?.etag })
      return { etag, pointer, isPublished: false, stale }
    } catch (error) {
      if (!(error instanceof PreconditionLost) || attempt === ATTEMPTS) throw error
    }
  }
}

/** Marks a claimed source as published. @throws PreconditionLost when another run claimed it meanwhile */
export async function commitSource(
  s3: S3Client,
  { bucket, key }: { bucket: string; key: string },
  claim: Claim,
): Promise<void> {
  if (claim.isPublished) return
  await putJson(s3, bucket, key, claim.pointer, { etag: claim.etag })
}
