import type { ClientConfig } from '../../../src/aws/clients.js'
import type { AwsContext } from '../../../src/aws/context.js'
import { resolveEnvironment } from '../../../src/config/environments.js'
import { parseConfig } from '../../../src/config/load.js'
import type { Environment } from '../../../src/config/schema.js'
import type { Change } from '../../../src/engine/change.js'
import { plan } from '../../../src/operate/provision/plan.js'
import { prepare } from '../../../src/operate/provision/prepare.js'
import { up, type UpResult } from '../../../src/operate/provision/up.js'
import type { AwsResource } from '../../../src/resources/resource.js'
import { recordingContext } from '../iam-recording.js'
import { startMoto, type Moto } from '../moto.js'

/** An environment with every option on, as far as an emulator can have it. */
export const EVERYTHING = {
  project: 'sensors',
  network: {
    egress: 'nat-per-az',
    zones: 2,
    flowLogs: 's3',
    networkAcls: true,
    interfaceEndpoints: ['secretsmanager'],
  },
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
      domain: 'CORP',
      secretArn: 'arn:aws:secretsmanager:eu-north-1:111122223333:secret:files-AbCdEf',
    },
  },
}

export const signal = new AbortController().signal
const quiet = { signal, onEvent: () => undefined }

/** What a plan would do to one resource. */
export interface Planned {
  action: string
  diff: Change[]
}

/** An environment on a moto of its own: planned and brought up in this process, and changed behind its back. */
export class World {
  /** Physical ids by logical id, as of the last `up`. */
  #ids = new Map<string, string>()

  private constructor(
    private readonly moto: Moto,
    /** For changes by hand; every plan and every `up` has clients of its own, as a command has. */
    readonly aws: AwsContext,
    readonly environment: Environment,
  ) {}

  static async create(settings: object = EVERYTHING): Promise<World> {
    const moto = await startMoto()
    const world = new World(moto, contextOf(moto), environmentOf(settings))
    await world.up()
    return world
  }

  async remove(): Promise<void> {
    this.aws.clients.destroy()
    await this.moto.stop()
  }

  /** What is not as desired, by logical id. */
  async plan(
    environment = this.environment,
    adopt: ReadonlySet<string> = new Set(),
  ): Promise<Map<string, Planned>> {
    const { resources } = await this.#asCommand((aws) => plan(aws, environment, { ...quiet, adopt }))
    return new Map(
      resources
        .filter(({ action }) => action !== 'unchanged')
        .map(({ action, diff, id }) => [id, { action, diff: diff ?? [] }]),
    )
  }

  async up(environment = this.environment, adopt: ReadonlySet<string> = new Set()): Promise<UpResult> {
    const result = await this.#asCommand((aws) => up(aws, environment, { ...quiet, adopt }))
    this.#ids = new Map(result.resources.map(({ id, physicalId }) => [id, physicalId]))
    return result
  }

  /** The resources of the environment, dependencies first. */
  async resources(settings: object = EVERYTHING): Promise<readonly AwsResource[]> {
    const { graph } = await prepare(contextOf(this.moto), environmentOf(settings))
    return graph.order as readonly AwsResource[]
  }

  async #asCommand<T>(action: (aws: AwsContext) => Promise<T>): Promise<T> {
    const aws = contextOf(this.moto)
    try {
      return await action(aws)
    } finally {
      aws.clients.destroy()
    }
  }

  client<C extends { destroy(): void }>(constructor: new (config: ClientConfig) => C): C {
    return this.aws.clients.of(constructor)
  }

  /** The physical id of a resource. */
  id(id: string): string {
    const found = this.#ids.get(id)
    if (found === undefined) throw new Error(`There is no resource ${id}`)
    return found
  }
}

/** The environment `dev` of a datapipe.yaml with these settings: JSON is YAML. */
export function environmentOf(settings: object): Environment {
  return resolveEnvironment(parseConfig(JSON.stringify(settings), 'datapipe.yaml'), 'dev')
}

function contextOf({ endpoint }: Moto): AwsContext {
  return recordingContext(endpoint, [])
}
