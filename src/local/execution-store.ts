import { randomUUID } from 'node:crypto'
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import type { AwsContext } from '../aws/context.js'
import type { MachineName } from '../aws/names.js'
import type { Execution, ExecutionStatus } from '../operate/orchestrator.js'
import type { Json } from './asl/json.js'
import { isRunning, type ProcessIdentity } from './process-identity.js'

/** An execution as it is kept in the artifacts bucket, where Step Functions would keep it itself. */
export interface ExecutionRecord {
  schemaVersion: 1
  name: string
  arn: string
  status: ExecutionStatus
  input: Json
  output?: Json
  error?: string
  cause?: string
  startedAt: string
  stoppedAt?: string
  /** The process that runs it. When it is gone, so is a running execution. */
  owner: ProcessIdentity
  /** The states entered so far, in order. */
  states: string[]
  /** In a new record: which call wrote it. */
  token?: string
}

/** The executions of one state machine, `executions/<machine>/<name>.json`. A name, once used, is never free again. */
export class ExecutionStore {
  readonly #s3: S3Client

  constructor(
    readonly aws: AwsContext,
    readonly machine: MachineName,
  ) {
    this.#s3 = aws.clients.of(S3Client)
  }

  /** @returns false when the name was used before */
  async create(record: ExecutionRecord): Promise<boolean> {
    const token = randomUUID()
    try {
      await this.#put({ ...record, token }, '*')
      return true
    } catch (error) {
      // 409: another process creates it at this moment.
      if (!['PreconditionFailed', 'ConditionalRequestConflict'].includes((error as Error).name)) throw error
      // The write had succeeded, only its answer was lost, and the client's retry met it.
      return (await this.#stored(record.name))?.token === token
    }
  }

  /** Only the owner writes, one write after the other. */
  async update(record: ExecutionRecord): Promise<void> {
    await this.#put(record)
  }

  /** The execution of this name. One that was left running by a process which is gone counts as aborted. */
  async read(name: string): Promise<ExecutionRecord | undefined> {
    const record = await this.#stored(name)
    if (record?.status !== 'RUNNING' || (await isRunning(record.owner))) return record
    return { ...record, status: 'ABORTED', cause: 'The process that ran it ended before it was done.' }
  }

  async #stored(name: string): Promise<ExecutionRecord | undefined> {
    try {
      const { Body: body } = await this.#s3.send(new GetObjectCommand({ ...this.#place(name) }))
      return JSON.parse((await body?.transformToString()) ?? '') as ExecutionRecord
    } catch (error) {
      if ((error as Error).name === 'NoSuchKey') return undefined
      throw error
    }
  }

  async #put(record: ExecutionRecord, ifNoneMatch?: '*'): Promise<void> {
    await this.#s3.send(
      new PutObjectCommand({
        ...this.#place(record.name),
        Body: JSON.stringify(record),
        ContentType: 'application/json',
        IfNoneMatch: ifNoneMatch,
      }),
    )
  }

  #place(name: string) {
    return {
      Bucket: this.aws.names.bucket('artifacts'),
      Key: `executions/${this.machine}/${name}.json`,
      ExpectedBucketOwner: this.aws.account,
    }
  }
}

/** What callers of the orchestrator see of a record. */
export function toExecution(record: ExecutionRecord): Execution {
  const { cause, error, name, startedAt, status, stoppedAt } = record
  return { name, status, startedAt, stoppedAt, error, cause }
}
