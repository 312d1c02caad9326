export interface StoredLease {
  body: string
  etag: string
  /** When it was written, and when it was read, in ms since the epoch, both by the clock of the store. */
  writtenAt: number
  readAt: number
}

/**
 * Where a lease lives: one object with conditional writes. The engine knows no S3; `src/aws/s3-lease-store.ts` does.
 * Every method answers `undefined` or `false` when the condition did not hold, and throws only on other errors.
 */
export interface LeaseStore {
  read(): Promise<StoredLease | undefined>
  /** Writes only if nothing is there. @returns the new etag */
  create(body: string): Promise<string | undefined>
  /** Writes only if what is there still has this etag. @param signal gives up @returns the new etag */
  replace(body: string, etag: string, signal?: AbortSignal): Promise<string | undefined>
  /** Removes only if what is there still has this etag. */
  remove(etag: string): Promise<boolean>
}
