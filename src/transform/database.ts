import {
  DuckDBInstance,
  type DuckDBAppender,
  type DuckDBConnection,
  type DuckDBValue,
} from '@duckdb/node-api'
import { join } from 'node:path'
import { DatapipeError, InterruptedError, messageOf } from '../errors.js'
import { literal } from './sql.js'

export type Row = Record<string, DuckDBValue>

export interface DatabaseOptions {
  /** The only folder that DuckDB may read and write. */
  scratch: string
  /** A file elsewhere that it may also read: where links in scratch lead. */
  source?: string
  memoryLimitMb: number
  threads: number
  /** Keep the order of the input in the output (costs memory where rows multiply). */
  keepOrder: boolean
  /** Let filters move below projections. Off where a filter tests values that are dear to compute: they would be twice. */
  pushFilters: boolean
  signal?: AbortSignal
}

/**
 * An in-memory DuckDB that can reach nothing but its scratch folder: no network, no extensions, no other file, and no way to
 * change that. Times are in UTC.
 */
export class Database {
  private constructor(
    private readonly instance: DuckDBInstance,
    private readonly connection: DuckDBConnection,
    private readonly signal?: AbortSignal,
  ) {}

  static async open(options: DatabaseOptions): Promise<Database> {
    const { scratch, source, memoryLimitMb, threads, keepOrder, pushFilters, signal } = options
    const instance = await DuckDBInstance.create(':memory:', {
      memory_limit: `${memoryLimitMb}MiB`,
      threads: String(threads),
      temp_directory: join(scratch, 'spill'),
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
      allow_community_extensions: 'false',
    })
    const connection = await instance.connect()
    const database = new Database(instance, connection, signal)
    for (const statement of [
      `SET TimeZone = 'UTC'`,
      `SET preserve_insertion_order = ${keepOrder}`,
      `SET disabled_optimizers = ${literal(pushFilters ? '' : 'filter_pushdown')}`,
      `SET allowed_directories = [${literal(`${scratch}/`)}]`,
      ...(source === undefined ? [] : [`SET allowed_paths = [${literal(source)}]`]),
      `SET enable_external_access = false`,
      `SET lock_configuration = true`,
    ]) {
      await connection.run(statement)
    }
    return database
  }

  close(): void {
    this.connection.closeSync()
    this.instance.closeSync()
  }

  /** Runs a statement and returns its rows. */
  async rows(sql: string): Promise<Row[]> {
    return this.interruptible(async () => (await this.connection.runAndReadAll(sql)).getRowObjects())
  }

  /** Runs a statement that returns one number: a COPY (rows written) or a count. */
  async count(sql: string): Promise<number> {
    const rows = await this.interruptible(async () => (await this.connection.runAndReadAll(sql)).getRows())
    return Number(rows[0]?.[0])
  }

  async run(sql: string): Promise<void> {
    await this.interruptible(() => this.connection.run(sql))
  }

  /** The rows of a query, chunk by chunk. */
  async *stream(sql: string): AsyncGenerator<DuckDBValue[][]> {
    const result = await this.interruptible(() => this.connection.stream(sql))
    for (;;) {
      const chunk = await this.interruptible(() => result.fetchChunk())
      if (!chunk || chunk.rowCount === 0) return
      yield chunk.getRows()
    }
  }

  /** For inserting rows into a table of this database; close it before the table is read. */
  async appender(table: string): Promise<DuckDBAppender> {
    return this.connection.createAppender(table)
  }

  private async interruptible<T>(work: () => Promise<T>): Promise<T> {
    this.signal?.throwIfAborted()
    const interrupt = () => this.connection.interrupt()
    this.signal?.addEventListener('abort', interrupt, { once: true })
    try {
      return await work()
    } catch (error) {
      if (this.signal?.aborted)
        throw new InterruptedError('Interrupted; nothing was published.', { cause: error })
      const message = messageOf(error)
      if (message.startsWith('Out of Memory Error')) {
        throw new DatapipeError(
          'OUT_OF_MEMORY',
          `The transform needs more memory than it may use: ${firstLine(message)}`,
          {
            cause: error,
            suggestions: ['Allow it more memory, or split the file.'],
          },
        )
      }
      throw error
    } finally {
      this.signal?.removeEventListener('abort', interrupt)
    }
  }
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? text
}
