import { createHash, randomUUID } from 'node:crypto'

/** An error as S3 answers it. */
export class S3Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message)
  }
}

/** A body that arrived. */
export interface Body {
  bytes: number
  /** Base64, as the store computed it. */
  sha256: string
  /** undefined where bodies are thrown away. */
  content: Buffer | undefined
}

export interface StoredVersion extends Body {
  versionId: string
  etag: string
  /** With `-<parts>` behind it if it was sent in parts. */
  checksum: string
  metadata: Record<string, string>
}

interface Part extends Body {
  etag: string
}

export interface Upload {
  key: string
  metadata: Record<string, string>
  parts: Map<number, Part>
}

export interface CompletedPart {
  number: number
  etag: string
  sha256: string
}

const SMALLEST_PART = 5 * 2 ** 20

/**
 * What S3 keeps of one versioned bucket, by its rules: checksums are compared, etags are no MD5 (as under SSE-KMS), parts but
 * the last have 5 MiB, a completed or aborted upload is gone, conditions hold.
 */
export class S3Store {
  /** Versions of every key, the newest last. */
  readonly objects = new Map<string, StoredVersion[]>()
  readonly uploads = new Map<string, Upload>()

  current(key: string): StoredVersion | undefined {
    return this.objects.get(key)?.at(-1)
  }

  put(key: string, body: Body, metadata: Record<string, string>): StoredVersion {
    const version: StoredVersion = {
      ...body,
      metadata,
      checksum: body.sha256,
      etag: `"${randomUUID()}"`,
      versionId: randomUUID(),
    }
    this.objects.set(key, [...(this.objects.get(key) ?? []), version])
    return version
  }

  /** @throws S3Refusal PreconditionFailed, NoSuchKey */
  requireCondition(key: string, ifNoneMatch: string | undefined, ifMatch: string | undefined): void {
    const current = this.current(key)
    if (ifNoneMatch === '*' && current !== undefined) throw this.#precondition('If-None-Match')
    if (ifMatch === undefined) return
    if (current === undefined) throw new S3Refusal(404, 'NoSuchKey', 'The specified key does not exist.')
    if (current.etag !== ifMatch) throw this.#precondition('If-Match')
  }

  create(key: string, metadata: Record<string, string>): string {
    const uploadId = randomUUID()
    this.uploads.set(uploadId, { key, metadata, parts: new Map() })
    return uploadId
  }

  /** @throws S3Refusal NoSuchUpload */
  upload(uploadId: string): Upload {
    const upload = this.uploads.get(uploadId)
    if (upload !== undefined) return upload
    throw new S3Refusal(404, 'NoSuchUpload', 'The specified upload does not exist.')
  }

  putPart(uploadId: string, number: number, body: Body): string {
    const etag = `"${randomUUID()}"`
    this.upload(uploadId).parts.set(number, { ...body, etag })
    return etag
  }

  /** @throws S3Refusal NoSuchUpload, InvalidPart, InvalidPartOrder, EntityTooSmall, InvalidRequest */
  complete(uploadId: string, listed: readonly CompletedPart[], expectedBytes: number): StoredVersion {
    const upload = this.upload(uploadId)
    const parts = listed.map(({ etag, number, sha256 }, index) => {
      const part = upload.parts.get(number)
      if (part?.etag !== etag || part.sha256 !== sha256) {
        throw new S3Refusal(400, 'InvalidPart', 'One or more of the specified parts could not be found.')
      }
      if (index > 0 && (listed[index - 1]?.number ?? 0) >= number) {
        throw new S3Refusal(400, 'InvalidPartOrder', 'The list of parts was not in ascending order.')
      }
      if (index < listed.length - 1 && part.bytes < SMALLEST_PART) {
        throw new S3Refusal(400, 'EntityTooSmall', 'Your proposed upload is too small.')
      }
      return part
    })
    const bytes = parts.reduce((sum, part) => sum + part.bytes, 0)
    if (bytes !== expectedBytes) throw new S3Refusal(400, 'InvalidRequest', 'Wrong x-amz-mp-object-size.')
    const digest = createHash('sha256')
    for (const { sha256 } of parts) digest.update(sha256, 'base64')
    const checksum = `${digest.digest('base64')}-${parts.length}`
    const contents = parts.flatMap(({ content }) => content ?? [])
    const content = contents.length === parts.length ? Buffer.concat(contents) : undefined
    this.uploads.delete(uploadId)
    const version = this.put(upload.key, { bytes, sha256: '', content }, upload.metadata)
    return Object.assign(version, { checksum })
  }

  abort(uploadId: string): void {
    this.upload(uploadId)
    this.uploads.delete(uploadId)
  }

  #precondition(condition: string): S3Refusal {
    return new S3Refusal(
      412,
      'PreconditionFailed',
      `At least one of the preconditions did not hold: ${condition}`,
    )
  }
}
