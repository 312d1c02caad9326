import { mkdir, rm } from 'node:fs/promises'
import { availableParallelism, totalmem } from 'node:os'
import { dirname } from 'node:path'
import {
  DuckDBInstance,
  StatementType,
  type DuckDBConnection,
  type DuckDBPreparedStatement,
} from '@duckdb/node-api'
import { DatapipeError, messageOf } from '../../errors.js'
import { makeScratch } from '../../transform/scratch.js'
import { notReadOnly } from './read-only.js'

const MAX_MEMORY_MB = 2048
/** What does not fit into memory goes into folders of this name, beside the readable one. */
const SPILLED = 'spill-'

/** What DuckDB says about a statement that it cannot plan. */
export interface PlanningError {
  /** The table it does not know, without quotes and without our schema. */
  missingTable?: string
  message: string
}

/**
 * A DuckDB in memory that can read one folder and nothing else: no other file, no network, no extension, and no way for
 * the user's SQL to change that. Its memory is bounded; beyond it spills to disk.
 */
export class DuckDbSession {
  private constructor(
    readonly connection: DuckDBConnection,
    private readonly instance: DuckDBInstance,
    private readonly spillFolder: string,
    private readonly schema: string,
  ) {}

  /**
   * @param readable the only folder that SQL can read
   * @param schema name of the schema that is searched first
   */
  static async open(readable: string, schema: string): Promise<DuckDbSession> {
    await mkdir(readable, { recursive: true })
    const spillFolder = await makeScratch(dirname(readable), SPILLED)
    const memoryMb = Math.floor(Math.min(MAX_MEMORY_MB, totalmem() / 2 ** 20 / 2))
    const instance = await DuckDBInstance.create(':memory:', {
      threads: String(availableParallelism()),
      memory_limit: `${memoryMb}MB`,
      temp_directory: spillFolder,
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
      allow_community_extensions: 'false',
    })
    const connection = await instance.connect()
    await connection.run(`SET allowed_directories = [${literal(readable)}]`)
    await connection.run('SET enable_external_access = false')
    // Times without a zone in the catalog are UTC, as in Athena.
    await connection.run(`SET TimeZone = 'UTC'`)
    await connection.run(`CREATE SCHEMA ${identifier(schema)}`)
    await connection.run(`USE ${identifier(schema)}`)
    return new DuckDbSession(connection, instance, spillFolder, schema)
  }

  /** From here on no setting can be changed any more. */
  async lock(): Promise<void> {
    await this.connection.run('SET lock_configuration = true')
  }

  /**
   * Parses and binds a statement without executing it.
   * @throws DatapipeError QUERY_FAILED with DuckDB's message for a syntax error, QUERY_NOT_READ_ONLY
   */
  async prepare(sql: string): Promise<DuckDBPreparedStatement | PlanningError> {
    const statements = await this.connection.extractStatements(sql).catch((error: unknown) => {
      throw queryFailed(messageOf(error).replace(/^Failed to extract statements: /, ''), error)
    })
    if (statements.count > 1) throw notReadOnly('More than one statement')
    let prepared: DuckDBPreparedStatement
    try {
      prepared = await statements.prepare(0)
    } catch (error) {
      return { message: messageOf(error), missingTable: await this.#missingTable(sql) }
    }
    const type = prepared.statementType
    if (type !== StatementType.SELECT && type !== StatementType.EXPLAIN) throw notReadOnly('This')
    return prepared
  }

  async close(): Promise<void> {
    this.connection.closeSync()
    this.instance.closeSync()
    await rm(this.spillFolder, { recursive: true, force: true })
  }

  /** DuckDB's own, structured answer to why a statement does not bind. */
  async #missingTable(sql: string): Promise<string | undefined> {
    await this.connection.run('SET errors_as_json = true')
    try {
      const statements = await this.connection.extractStatements(sql)
      await statements.prepare(0)
    } catch (error) {
      const details = parseJson(messageOf(error))
      if (details.error_subtype === 'MISSING_ENTRY' && details.type === 'Table') {
        return details.name?.replace(new RegExp(`^"?${this.schema}"?\\.`, 'i'), '').replaceAll('"', '')
      }
    } finally {
      await this.connection.run('SET errors_as_json = false')
    }
    return undefined
  }
}

export function queryFailed(message: string, cause: unknown): DatapipeError {
  return new DatapipeError('QUERY_FAILED', `The query failed: ${message}`, {
    cause,
    suggestions: ['See the tables with: datapipe query "show tables"'],
  })
}

/** A name in SQL. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** A text in SQL. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

function parseJson(text: string): { error_subtype?: string; type?: string; name?: string } {
  try {
    return JSON.parse(text) as { error_subtype?: string; type?: string; name?: string }
  } catch {
    return {}
  }
}
