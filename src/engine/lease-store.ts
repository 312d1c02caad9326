export interface StoredLease {
  body: string
  etag: string
}

/**
 * Where a lease lives: one object with conditional writes. The engine knows no S3; `src/aws/s3-lease-store.ts` does.
 * Every method answers `undefined` or `false` when the condition did not hold, and throws only on other errors.
 */
export interface LeaseStore {
  read(): Promise<StoredLease | undefined>
  /** Writes only if nothing is there. @returns the new etag */
  create(body: string): Promise<string | undefined>
  /** Writes only if what is there still has this etag. @returns the new etag */
  replace(body: string, etag: string): Promise<string | undefined>
  /** Removes only if what is there still has this etag. */
  remove(etag: string): Promise<boolean>
}
