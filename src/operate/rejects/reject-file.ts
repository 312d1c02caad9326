import { createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3'
import type { AwsContext } from '../../aws/context.js'
import { isAwsError } from '../../aws/retry.js'
import { DatapipeError, InterruptedError } from '../../errors.js'
import { writingTo } from '../../full-disk.js'
import { Database } from '../../transform/database.js'
import { INPUTS_KEY, rejectInputsSchema, type RejectInput } from '../../transform/reject-metadata.js'
import { makeScratch } from '../../transform/scratch.js'
import { literal } from '../../transform/sql.js'
import type { RejectedRun } from './find.js'

/** One rejected row. */
export interface RejectRow {
  /** The sheet, where a file has several. */
  input: string | null
  line: number
  column: string | null
  reason: string
  /** The record as the file has it, at most 64 Ki characters; null when the dataset holds personal data. */
  raw: string | null
  byteOffset: number | null
  byteLength: number | null
}

const MEMORY_MB = 256

/** The rejected rows of one run: a copy on this machine, removed by `close`. */
export class RejectFile {
  private constructor(
    /** The Parquet file. */
    readonly path: string,
    private readonly database: Database,
    private readonly folder: string,
  ) {}

  /** @throws DatapipeError REJECTS_GONE; InterruptedError */
  static async open(aws: AwsContext, run: RejectedRun, signal: AbortSignal): Promise<RejectFile> {
    const folder = await makeScratch(tmpdir())
    const path = join(folder, 'rejects.parquet')
    try {
      await download(aws, run, path, signal)
      const database = await Database.open({
        scratch: folder,
        memoryLimitMb: MEMORY_MB,
        threads: 1,
        keepOrder: true,
        pushFilters: true,
        signal,
      })
      return new RejectFile(path, database, folder)
    } catch (error) {
      await rm(folder, { recursive: true, force: true })
      throw signal.aborted ? new InterruptedError() : error
    }
  }

  async close(): Promise<void> {
    this.database.close()
    await rm(this.folder, { recursive: true, force: true })
  }

  /** @param reason only rows whose reason contains this, whatever the case */
  async count(reason?: string): Promise<number> {
    return this.database.count(`SELECT count(*) FROM ${this.#source(reason)}`)
  }

  /** The rows in the order of the file, a chunk at a time. @param reason as in `count` */
  async *rows({ reason, limit }: { reason?: string; limit?: number } = {}): AsyncGenerator<RejectRow> {
    const query =
      `SELECT input, line, "column", reason, raw, byte_offset, byte_length FROM ${this.#source(reason)}` +
      (limit === undefined ? '' : ` LIMIT ${limit}`)
    for await (const chunk of this.database.stream(query)) {
      for (const [input, line, column, why, raw, offset, length] of chunk) {
        yield {
          input: input as string | null,
          line: Number(line),
          column: column as string | null,
          reason: why as string,
          raw: raw as string | null,
          byteOffset: offset === null ? null : Number(offset),
          byteLength: length === null ? null : Number(length),
        }
      }
    }
  }

  /** How the raw text of the rows reads. */
  async inputs(): Promise<RejectInput[]> {
    const [found] = await this.database.rows(
      `SELECT decode(value) AS value FROM parquet_kv_metadata(${literal(this.path)})` +
        ` WHERE decode(key) = ${literal(INPUTS_KEY)}`,
    )
    return rejectInputsSchema.parse(JSON.parse(String(found?.value ?? '[]')))
  }

  /** Writes a Parquet file with the rows of a reason, into the folder of this copy. */
  async filtered(reason: string): Promise<string> {
    const path = join(this.folder, 'filtered.parquet')
    await this.database.run(
      `COPY (SELECT * FROM ${this.#source(reason)}) TO ${literal(path)} (FORMAT parquet, COMPRESSION zstd)`,
    )
    return path
  }

  #source(reason: string | undefined): string {
    const rows = `read_parquet(${literal(this.path)}, hive_partitioning = false)`
    return reason === undefined ? rows : `${rows} WHERE contains(lower(reason), lower(${literal(reason)}))`
  }
}

async function download(
  aws: AwsContext,
  { rejects, source, runId }: RejectedRun,
  path: string,
  signal: AbortSignal,
): Promise<void> {
  const bucket = aws.names.bucket('transformed')
  try {
    const object = await aws.clients.of(S3Client).send(
      new GetObjectCommand({
        Bucket: bucket,
        Key: rejects.parquet,
        ExpectedBucketOwner: aws.account,
      }),
      { abortSignal: signal },
    )
    const body = object.Body as Readable
    await writingTo(path, () => pipeline(body, createWriteStream(path), { signal }), object.ContentLength)
  } catch (error) {
    if (!isAwsError(error, 'NoSuchKey')) throw error
    throw new DatapipeError(
      'REJECTS_GONE',
      `The rejected rows of run ${runId} are no longer at s3://${bucket}/${rejects.parquet}: a newer version of ${source.key} was published since, or somebody deleted them.`,
      {
        cause: error,
        suggestions: [`See what is there: datapipe rejects list --env ${aws.env}`],
      },
    )
  }
}
