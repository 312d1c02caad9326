import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  CreateDatabaseCommand,
  GetPartitionsCommand,
  GetTableCommand,
  GlueClient,
  type StorageDescriptor,
} from '@aws-sdk/client-glue'
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import type { AwsContext } from '../../../src/aws/context.js'
import { Names } from '../../../src/aws/names.js'
import { runJob } from '../../../src/transform/container/job.js'
import { headObject } from '../../../src/transform/container/objects.js'
import { inboxKey, runKey, sourceId } from '../../../src/transform/layout.js'
import type { Lake } from '../../../src/transform/merge/lake.js'
import { runRecordSchema, type RunRecord } from '../../../src/transform/record.js'
import { emulatedContext } from '../../operate/support.js'
import { resetMoto, startMoto, type Moto } from '../../support/moto.js'
import { readParquet, type Row } from '../support/files.js'

const names = new Names({
  project: 'sensors',
  env: 'dev',
  account: '123456789012',
  region: 'us-east-1',
  bucketNamespace: 'account-regional',
})
export const RAW = names.bucket('raw')
export const TRANSFORMED = names.bucket('transformed')
const ARTIFACTS = names.bucket('artifacts')
export const DATABASE = names.database

export interface LoadRequest {
  key: string
  versionId: string
  execution?: string
  force?: boolean
}

/** An environment's buckets and catalog on a moto of its own, and the container's job run in this process. */
export class TestLake {
  private constructor(
    readonly moto: Moto,
    /** Of somebody who works with the command line. */
    readonly aws: AwsContext,
    readonly s3: S3Client,
    readonly glue: GlueClient,
  ) {}

  static async start(): Promise<TestLake> {
    const moto = await startMoto()
    return new TestLake(moto, emulatedContext(moto.endpoint), ...clients(moto))
  }

  /** More clients of the same lake, for work that is to fail. */
  more(): [S3Client, GlueClient] {
    return clients(this.moto)
  }

  /** Clients of a process that dies before its first call of a kind. */
  dyingAt(command: string): { clients: [S3Client, GlueClient]; died: () => string | undefined } {
    return this.dying(Number.POSITIVE_INFINITY, command)
  }

  /** Clients of a process that dies: their first `calls` calls work, and no later one. Says what it could not do first. */
  dying(
    calls: number,
    command?: string,
  ): { clients: [S3Client, GlueClient]; died: () => string | undefined } {
    const [s3, glue] = this.more()
    let left = calls
    let died: string | undefined
    const kill = (name = '') => {
      if (died === undefined && name !== command && left-- > 0) return
      died ??= name
      throw new Error('killed')
    }
    s3.middlewareStack.add(
      (next, { commandName }) =>
        (args) => {
          kill(commandName)
          return next(args)
        },
      { step: 'initialize' },
    )
    glue.middlewareStack.add(
      (next, { commandName }) =>
        (args) => {
          kill(commandName)
          return next(args)
        },
      { step: 'initialize' },
    )
    return { clients: [s3, glue], died: () => died }
  }

  /**
   * Clients before one of whose calls something else happens, once. Other than moto, they heed the conditions of a copy, as S3
   * does.
   */
  interrupted(
    at: (command: string, input: { Key?: string }) => boolean,
    happening: () => Promise<unknown>,
  ): [S3Client, GlueClient] {
    const [s3, glue] = this.more()
    let isOver = false
    const before = async (command: string, input: { Key?: string }) => {
      if (!at(command, input) || isOver) return
      isOver = true
      await happening()
    }
    s3.middlewareStack.add(
      (next, { commandName = '' }) =>
        async (args) => {
          const input = args.input as { Key?: string; IfMatch?: string; IfNoneMatch?: string }
          await before(commandName, input)
          if (commandName === 'CopyObjectCommand') await this.#assertCondition(input)
          return next(args)
        },
      { step: 'initialize' },
    )
    glue.middlewareStack.add(
      (next, { commandName = '' }) =>
        async (args) => {
          await before(commandName, {})
          return next(args)
        },
      { step: 'initialize' },
    )
    return [s3, glue]
  }

  async #assertCondition(input: { Key?: string; IfMatch?: string; IfNoneMatch?: string }): Promise<void> {
    const head = await headObject(this.s3, TRANSFORMED, input.Key ?? '')
    const isLost =
      (input.IfMatch !== undefined && input.IfMatch !== head?.ETag) ||
      (input.IfNoneMatch === '*' && head !== undefined)
    if (!isLost) return
    throw Object.assign(new Error('PreconditionFailed'), { $metadata: { httpStatusCode: 412 } })
  }

  /** The tables, as commands reach them with these clients. */
  lake([s3, glue]: [S3Client, GlueClient] = [this.s3, this.glue]): Lake {
    return { s3, glue, bucket: TRANSFORMED, database: DATABASE }
  }

  async stop(): Promise<void> {
    this.s3.destroy()
    this.glue.destroy()
    this.aws.clients.destroy()
    await this.moto.stop()
  }

  async reset(datasets: object): Promise<void> {
    await resetMoto(this.moto.endpoint)
    for (const Bucket of [RAW, TRANSFORMED, ARTIFACTS]) {
      await this.s3.send(new CreateBucketCommand({ Bucket }))
      await this.s3.send(
        new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }),
      )
    }
    await this.glue.send(new CreateDatabaseCommand({ DatabaseInput: { Name: DATABASE } }))
    await this.configure(datasets)
  }

  async configure(datasets: object): Promise<void> {
    await this.s3.send(
      new PutObjectCommand({
        Bucket: ARTIFACTS,
        Key: 'config/datasets.json',
        Body: JSON.stringify({ schemaVersion: 1, datasets }),
      }),
    )
  }

  async upload(dataset: string, name: string, body: string): Promise<LoadRequest> {
    const key = inboxKey(dataset, name)
    const { VersionId } = await this.s3.send(new PutObjectCommand({ Bucket: RAW, Key: key, Body: body }))
    return { key, versionId: VersionId ?? '' }
  }

  /** S3's times have whole seconds: versions that are to be told apart by time need one between them. */
  async nextSecond(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 1005 - (Date.now() % 1000)))
  }

  async load(
    { key, versionId, execution = `o-${versionId}`, force = false }: LoadRequest,
    [s3, glue]: [S3Client, GlueClient] = [this.s3, this.glue],
  ): Promise<RunRecord> {
    const scratch = await mkdtemp(join(tmpdir(), 'datapipe-test-'))
    try {
      return await runJob({
        settings: {
          env: 'dev',
          project: 'sensors',
          configBucket: ARTIFACTS,
          configKey: 'config/datasets.json',
          transformedBucket: TRANSFORMED,
          database: DATABASE,
          bucket: RAW,
          key,
          versionId,
          execution,
          resultKey: undefined,
          force,
          scratch,
          memoryMb: 1200,
        },
        s3,
        glue,
        memoryMb: 1200,
        log: () => undefined,
      })
    } finally {
      const left = await readdir(scratch)
      await rm(scratch, { recursive: true, force: true })
      if (left.length > 0) throw new Error(`Left in scratch: ${left.join(', ')}`)
    }
  }

  async uploadAndLoad(dataset: string, name: string, body: string): Promise<RunRecord> {
    return this.load(await this.upload(dataset, name, body))
  }

  async record(dataset: string, { key, versionId }: LoadRequest): Promise<RunRecord> {
    return runRecordSchema.parse(
      JSON.parse(await this.text(runKey(dataset, sourceId(`${RAW}/${key}`), versionId))),
    )
  }

  /** Deletes one version of an object for good, as the lifecycle of the bucket does. */
  async forget(key: string, versionId: string): Promise<void> {
    await this.s3.send(new DeleteObjectCommand({ Bucket: TRANSFORMED, Key: key, VersionId: versionId }))
  }

  /** Deletes everything that was ever under a key. */
  async forgetAll(key: string): Promise<void> {
    const listed = await this.s3.send(new ListObjectVersionsCommand({ Bucket: TRANSFORMED, Prefix: key }))
    for (const { VersionId } of [...(listed.Versions ?? []), ...(listed.DeleteMarkers ?? [])])
      await this.forget(key, VersionId ?? '')
  }

  async text(key: string): Promise<string> {
    const { Body } = await this.s3.send(new GetObjectCommand({ Bucket: TRANSFORMED, Key: key }))
    return (await Body?.transformToString()) ?? ''
  }

  async keys(prefix = ''): Promise<string[]> {
    const { Contents = [] } = await this.s3.send(
      new ListObjectsV2Command({ Bucket: TRANSFORMED, Prefix: prefix }),
    )
    return Contents.map(({ Key }) => Key ?? '')
  }

  /** Partition to location, as readers get them from Glue; '' for a table without partitions. */
  async locations(table: string): Promise<Map<string, string>> {
    const { Table } = await this.glue.send(new GetTableCommand({ DatabaseName: DATABASE, Name: table }))
    const location = (descriptor?: StorageDescriptor) => descriptor?.Location ?? ''
    if ((Table?.PartitionKeys ?? []).length === 0) return new Map([['', location(Table?.StorageDescriptor)]])
    const { Partitions = [] } = await this.glue.send(
      new GetPartitionsCommand({ DatabaseName: DATABASE, TableName: table }),
    )
    return new Map(
      Partitions.map(({ Values = [], StorageDescriptor }) => [Values.join('/'), location(StorageDescriptor)]),
    )
  }

  /** What a reader gets: Glue's locations, the files there, their rows. */
  async read(table: string): Promise<Row[]> {
    const rows: Row[] = []
    for (const location of (await this.locations(table)).values()) rows.push(...(await this.readAt(location)))
    return rows
  }

  async readAt(location: string): Promise<Row[]> {
    const rows: Row[] = []
    for (const key of await this.keys(location.replace(`s3://${TRANSFORMED}/`, ''))) {
      const { Body } = await this.s3.send(new GetObjectCommand({ Bucket: TRANSFORMED, Key: key }))
      const folder = await mkdtemp(join(tmpdir(), 'datapipe-test-'))
      const path = join(folder, 'file.parquet')
      await writeFile(path, (await Body?.transformToByteArray()) ?? new Uint8Array())
      rows.push(...(await readParquet(path)))
      await rm(folder, { recursive: true })
    }
    return rows
  }
}

function clients(moto: Moto): [S3Client, GlueClient] {
  const options = {
    endpoint: moto.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'testing', secretAccessKey: 'testing' },
    maxAttempts: 1,
  }
  return [new S3Client({ ...options, forcePathStyle: true }), new GlueClient(options)]
}
