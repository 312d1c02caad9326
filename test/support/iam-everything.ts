import { CreateAgentCommand, DataSyncClient } from '@aws-sdk/client-datasync'
import { EC2Client } from '@aws-sdk/client-ec2'
import { ECRClient, PutImageCommand } from '@aws-sdk/client-ecr'
import type { ApiCall } from '../../src/aws/clients.js'
import type { AwsContext } from '../../src/aws/context.js'
import { upperTags } from '../../src/aws/tags.js'
import { resolveEnvironment } from '../../src/config/environments.js'
import { configSchema, type Environment } from '../../src/config/schema.js'
import { AGENT_ID } from '../../src/pipeline/ingestion.js'
import type { FakeDataSync } from './iam-fake-datasync.js'
import { installFakes } from './iam-fakes.js'
import { readFacts, recordingContext, type Facts } from './iam-recording.js'
import { startMoto, type Moto } from './moto.js'

const secret = (name: string) => `arn:aws:secretsmanager:eu-north-1:123456789012:secret:${name}-AbCdEf`

/** Every option that an environment has. */
export const EVERYTHING = {
  network: { egress: 'nat-per-az', zones: 3, flowLogs: 's3', networkAcls: true },
  compute: { spot: true, maxConcurrency: 5, logRetentionDays: 90 },
  schedule: { cron: '0 6 1 * ? *', timezone: 'Europe/Stockholm' },
  backfill: true,
  notify: { email: ['ops@example.com'], onSuccess: true },
  monitoring: {
    alarms: true,
    dashboard: true,
    noSuccessDays: 7,
    rejectedRowsPerDay: 10,
    budgetMonthlyUsd: 50,
  },
  catalog: { crawler: 'schedule', namedQueries: { rows: 'select 1' } },
  spark: { enabled: true },
  datasync: {
    location: {
      type: 'smb',
      host: 'files.example.com',
      path: '/share',
      user: 'reader',
      secretArn: secret('files'),
      secretKeyArn: 'arn:aws:kms:eu-north-1:123456789012:key/11111111-2222-3333-4444-555555555555',
    },
    schedule: 'rate(6 hours)',
    include: ['/measurements/*'],
  },
  datasets: {
    temperature: {
      columns: { start_time: 'timestamp', measurement: 'double' },
      partition: 'day(start_time)',
    },
  },
} as const

/** The same with another way out, and something else in every part. */
export const CHANGED = {
  ...EVERYTHING,
  network: { egress: 'endpoints', zones: 2, networkAcls: false, interfaceEndpoints: ['secretsmanager'] },
  compute: { spot: false, maxConcurrency: 7, logRetentionDays: 30, architecture: 'x86_64' },
  schedule: { cron: '0 7 1 * ? *', timezone: 'UTC', enabled: false },
  notify: { email: ['other@example.com'] },
  monitoring: { ...EVERYTHING.monitoring, rejectedRowsPerDay: 20, budgetMonthlyUsd: 70 },
  catalog: { crawler: 'on-demand', namedQueries: { rows: 'select 2' } },
  spark: { enabled: true, workers: 3 },
  datasync: {
    ...EVERYTHING.datasync,
    location: {
      ...EVERYTHING.datasync.location,
      user: 'other',
      path: '/share/more',
      secretArn: secret('other'),
    },
    bytesPerSecond: 2_000_000,
    report: false,
  },
  query: { maxScanBytes: 20_000_000_000 },
} as const

/** An environment as on AWS, whose calls are recorded: what moto lacks is answered in its place. */
export class RecordedAccount {
  readonly calls: ApiCall[] = []
  readonly aws: AwsContext
  readonly datasync: FakeDataSync
  /** Of everything that was seen, also of what is gone. */
  readonly facts: { tags: Map<string, Record<string, string>> } & Omit<Facts, 'tags'>
  readonly #aliases = new Map<string, string>()
  readonly #associations = new Map<string, string[]>()

  private constructor(readonly moto: Moto) {
    this.aws = recordingContext(moto.endpoint, this.calls, undefined, { emulated: false })
    this.datasync = installFakes(this.aws, (tag) => this.push(tag))
    this.#watchAssociations()
    this.facts = { tags: new Map(), aliases: this.#aliases, associations: this.#associations }
  }

  static async create(): Promise<RecordedAccount> {
    return new RecordedAccount(await startMoto())
  }

  async remove(): Promise<void> {
    this.aws.clients.destroy()
    await this.moto.stop()
  }

  environment(settings: object): Environment {
    return resolveEnvironment(configSchema.parse({ project: 'sensors', ...settings }), 'dev')
  }

  /** The calls of an action. */
  async record(action: () => Promise<unknown>): Promise<ApiCall[]> {
    this.calls.length = 0
    await action()
    const calls = this.calls.splice(0)
    await this.#learn()
    return calls
  }

  /** A person activates the agent, which `up` cannot. */
  async activateAgent(): Promise<void> {
    const { names } = this.aws
    await this.aws.clients.of(DataSyncClient).send(
      new CreateAgentCommand({
        ActivationKey: 'F0EFT-7FPPR-GG7MC-3I9R3-27DOH',
        AgentName: names.datasync,
        Tags: upperTags(this.aws.tags(AGENT_ID, names.datasync)),
      }),
    )
  }

  /** Pushes an image whose digest follows from its tag, as a build would. */
  async push(imageTag: string): Promise<void> {
    const { calls } = this
    const before = calls.length
    const digest = `sha256:${Buffer.from(imageTag).toString('hex').padEnd(64, '0').slice(0, 64)}`
    const config = { digest: `sha256:${'0'.repeat(64)}`, size: 1, mediaType: 'application/json' }
    const layer = { digest, size: 5, mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip' }
    await this.aws.clients.of(ECRClient).send(
      new PutImageCommand({
        repositoryName: this.aws.names.repository,
        imageTag,
        imageManifest: JSON.stringify({
          schemaVersion: 2,
          mediaType: 'application/vnd.docker.distribution.manifest.v2+json',
          config,
          layers: [layer],
        }),
      }),
    )
    // Not a call of ours: the build pushes.
    const own = calls.findIndex(({ operation }, index) => index >= before && operation === 'PutImage')
    calls.splice(own, 1)
  }

  /** What an association joins is known only until it is replaced. */
  #watchAssociations(): void {
    interface Table {
      RouteTableId?: string
      NetworkAclId?: string
      Associations?: Association[]
    }
    interface Association {
      RouteTableAssociationId?: string
      NetworkAclAssociationId?: string
      SubnetId?: string
    }
    this.aws.clients.of(EC2Client).middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args)
        const { NetworkAcls, RouteTables } = result.output as { NetworkAcls?: Table[]; RouteTables?: Table[] }
        for (const { Associations = [], NetworkAclId, RouteTableId } of NetworkAcls ?? RouteTables ?? []) {
          for (const { NetworkAclAssociationId, RouteTableAssociationId, SubnetId } of Associations) {
            const id = NetworkAclAssociationId ?? RouteTableAssociationId
            const joined = [NetworkAclId ?? RouteTableId, SubnetId].filter((each) => each !== undefined)
            if (id !== undefined && joined.length === 2) this.#associations.set(id, joined)
          }
        }
        return result
      },
      { step: 'initialize', name: 'watchAssociations' },
    )
  }

  async #learn(): Promise<void> {
    const { aliases, associations, tags } = await readFacts(this.moto.endpoint)
    for (const [id, found] of tags) this.facts.tags.set(id, found)
    for (const [arn, found] of this.datasync.tags) this.facts.tags.set(arn, found)
    for (const [alias, id] of aliases) this.#aliases.set(alias, id)
    for (const [id, both] of associations) this.#associations.set(id, both)
  }
}
