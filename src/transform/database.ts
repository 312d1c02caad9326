import {
  DuckDBInstance,
  type DuckDBAppender,
  type DuckDBConnection,
  type DuckDBValue,
} from '@duckdb/node-api'
import { join } from 'node:path'
import { InterruptedError } from '../errors.js'
import { resourceError } from './resource-error.js'
import { literal } from './sql.js'
import { keysOf, statisticsOf, type CopiedFile } from './statistics.js'

export type Row = Record<string, DuckDBValue>

/** Two databases that spill into one folder would overwrite each other's files. */
let opened = 0

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
  /** Hears of a statement that takes longer, five times a second, how much of it is done: 0 to 1. */
  onProgress?: (share: number) => void
  signal?: AbortSignal
}

/**
 * An in-memory DuckDB that can reach nothing but its scratch folder: no network, no extensions, no other file, and no way to
 * change that. Times are in UTC.
 */
export class Database {
  private readonly others: DuckDBConnection[] = []

  private constructor(
    private readonly instance: DuckDBInstance,
    private readonly connection: DuckDBConnection,
    private readonly options: DatabaseOptions,
  ) {}

  private get signal(): AbortSignal | undefined {
    return this.options.signal
  }

  static async open(options: DatabaseOptions): Promise<Database> {
    const { scratch, source, memoryLimitMb, threads, keepOrder, pushFilters } = options
    const instance = await DuckDBInstance.create(':memory:', {
      memory_limit: `${memoryLimitMb}MiB`,
      threads: String(threads),
      temp_directory: join(scratch, `spill-${(opened += 1)}`),
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
      allow_community_extensions: 'false',
    })
    const connection = await instance.connect()
    const database = new Database(instance, connection, options)
    for (const statement of [
      `SET TimeZone = 'UTC'`,
      ...(options.onProgress
        ? [`SET enable_progress_bar = true`, `SET enable_progress_bar_print = false`]
        : []),
      `SET preserve_insertion_order = ${keepOrder}`,
      `SET disabled_optimizers = ${literal(pushFilters ? '' : 'filter_pushdown')}`,
      // More open files than a process may have on most systems; a partition whose file was closed gets a second one.
      `SET partitioned_write_max_open_files = 500`,
      `SET allowed_directories = [${literal(`${scratch}/`)}]`,
      ...(source === undefined ? [] : [`SET allowed_paths = [${literal(source)}]`]),
      `SET enable_external_access = false`,
      `SET lock_configuration = true`,
    ]) {
      await connection.run(statement)
    }
    return database
  }

  /** Does something in a database of its own that need not keep the order of rows: it reads and divides them for less. */
  async unordered<T>(work: (database: Database) => Promise<T>): Promise<T> {
    const database = await Database.open({ ...this.options, keepOrder: false })
    try {
      return await work(database)
    } finally {
      database.close()
    }
  }

  /**
   * Does the same work for many items, in databases of one thread each: for statements too small to share among threads,
   * which costs half as much again. Each gets its share of the memory.
   * @returns the results in the order of the items
   */
  async each<Item, Result>(
    items: readonly Item[],
    work: (database: Database, item: Item, index: number) => Promise<Result>,
  ): Promise<Result[]> {
    const { threads, memoryLimitMb } = this.options
    if (threads === 1 || items.length < FEWEST_PER_THREAD * threads) {
      const results: Result[] = []
      for (const [index, item] of items.entries()) results.push(await work(this, item, index))
      return results
    }
    const own = { ...this.options, threads: 1, memoryLimitMb: Math.floor(memoryLimitMb / threads) }
    const results = new Map<number, Result>()
    const queue = items.entries()
    let hasFailed = false
    const outcomes = await Promise.allSettled(
      Array.from({ length: threads }, async () => {
        const database = await Database.open({ ...own, onProgress: undefined })
        try {
          for (const [index, item] of queue) {
            if (hasFailed) return
            results.set(index, await work(database, item, index))
          }
        } catch (error) {
          hasFailed = true
          throw error
        } finally {
          database.close()
        }
      }),
    )
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
    return items.map((_, index) => results.get(index) as Result)
  }

  close(): void {
    for (const other of this.others) other.closeSync()
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

  /**
   * Writes the rows of a query as Parquet.
   * @param to a file, or the folder of several
   * @param how options of COPY
   * @returns the files, and what DuckDB knows of the values that it wrote into each
   */
  async copy(query: string, to: string, how: string): Promise<CopiedFile[]> {
    const files = await this.rows(`COPY (${query}) TO ${literal(to)} (${how}, RETURN_STATS true)`)
    return files.map(({ filename, count, column_statistics: columns, partition_keys: keys }) => ({
      path: filename as string,
      rows: Number(count),
      statistics: statisticsOf(columns),
      keys: keysOf(keys),
    }))
  }

  /** Writes the rows of a query as one Parquet file. */
  async copyToFile(query: string, path: string, how: string): Promise<Omit<CopiedFile, 'keys'>> {
    const [file] = await this.copy(query, path, how)
    return { path, rows: file?.rows ?? 0, statistics: file?.statistics ?? new Map() }
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

  /** For inserting rows into a table of this database, temporary or not; close it before anything else is run. */
  async appender(table: string): Promise<DuckDBAppender> {
    return this.connection.createAppender(table)
  }

  /**
   * For inserting rows into a table that is not temporary while something else is read; close it before the table is read.
   * On the connection of a stream the first flush, after 204,800 rows, would end that stream without an error.
   */
  async appenderBeside(table: string): Promise<DuckDBAppender> {
    const other = await this.instance.connect()
    this.others.push(other)
    return other.createAppender(table)
  }

  private async interruptible<T>(work: () => Promise<T>): Promise<T> {
    this.signal?.throwIfAborted()
    const interrupt = () => this.connection.interrupt()
    this.signal?.addEventListener('abort', interrupt, { once: true })
    const watching = this.watch()
    try {
      return await work()
    } catch (error) {
      if (this.signal?.aborted)
        throw new InterruptedError('Interrupted; nothing was published.', { cause: error })
      throw resourceError(error) ?? error
    } finally {
      clearInterval(watching)
      this.signal?.removeEventListener('abort', interrupt)
    }
  }

  private watch(): NodeJS.Timeout | undefined {
    const { onProgress } = this.options
    if (onProgress === undefined) return undefined
    const timer = setInterval(() => {
      const { percentage } = this.connection.progress
      // Negative: not known yet, or never.
      if (percentage >= 0) onProgress(Math.min(percentage / 100, 1))
    }, PROGRESS_EVERY_MS)
    return timer.unref()
  }
}

const PROGRESS_EVERY_MS = 200
const FEWEST_PER_THREAD = 2
