import type { ApiCall } from '../../../src/aws/clients.js'
import type { AwsContext } from '../../../src/aws/context.js'
import type { Environment } from '../../../src/config/schema.js'
import { DatapipeError } from '../../../src/errors.js'
import { drift, type DriftResult } from '../../../src/operate/drift/drift.js'
import { down, type DownResult } from '../../../src/operate/provision/down.js'
import { plan, type PlanResult } from '../../../src/operate/provision/plan.js'
import { prepare } from '../../../src/operate/provision/prepare.js'
import { up, type UpResult } from '../../../src/operate/provision/up.js'
import type { AwsResource } from '../../../src/resources/resource.js'
import { recordingContext } from '../iam-recording.js'
import { startMoto, type Moto } from '../moto.js'
import { signal } from '../properties/world.js'

const READS = /^(BatchGet|Describe|Get|Head|List|Lookup)/

/** What a command did, and what it called. */
export interface Ran<T> {
  result: T | undefined
  error: DatapipeError | undefined
  warnings: string[]
  calls: ApiCall[]
  /** The calls that change something, like `S3 PutObject`. */
  writes: string[]
}

/** An emulated account in which commands run in this process, each with clients of its own. */
export class Account {
  private constructor(private readonly moto: Moto) {}

  static async open(): Promise<Account> {
    return new Account(await startMoto())
  }

  get endpoint(): string {
    return this.moto.endpoint
  }

  close(): Promise<void> {
    return this.moto.stop()
  }

  /** Clients for changes past datapipe. */
  context(calls: ApiCall[] = []): AwsContext {
    return recordingContext(this.moto.endpoint, calls)
  }

  plan(environment: Environment, adopt: readonly string[] = []): Promise<Ran<PlanResult>> {
    return this.#run((aws, common) => plan(aws, environment, { ...common, adopt: new Set(adopt) }))
  }

  up(environment: Environment, adopt: readonly string[] = []): Promise<Ran<UpResult>> {
    return this.#run((aws, common) => up(aws, environment, { ...common, adopt: new Set(adopt) }))
  }

  drift(environment: Environment): Promise<Ran<DriftResult>> {
    return this.#run((aws, common) => drift(aws, environment, common))
  }

  down(environment: Environment, deleteData = false): Promise<Ran<DownResult>> {
    return this.#run((aws, common) => down(aws, environment, { ...common, deleteData }))
  }

  /** The resources of an environment, dependencies first, not looked at yet. */
  async resources(environment: Environment): Promise<readonly AwsResource[]> {
    const { graph } = await prepare(this.context(), environment)
    return graph.order as readonly AwsResource[]
  }

  async #run<T>(
    command: (
      aws: AwsContext,
      common: { signal: AbortSignal; onEvent: () => void; onWarning: (message: string) => void },
    ) => Promise<T>,
  ): Promise<Ran<T>> {
    const calls: ApiCall[] = []
    const warnings: string[] = []
    const aws = this.context(calls)
    const common = {
      signal,
      onEvent: () => undefined,
      onWarning: (message: string) => warnings.push(message),
    }
    let result: T | undefined
    let error: DatapipeError | undefined
    try {
      result = await command(aws, common)
    } catch (thrown) {
      if (!(thrown instanceof DatapipeError)) throw thrown
      error = thrown
    } finally {
      aws.clients.destroy()
    }
    const writes = calls
      .filter(({ operation }) => !READS.test(operation))
      .map(({ operation, service }) => `${service} ${operation}`)
    return { result, error, warnings, calls, writes }
  }
}

/** The ids that an error names, by their codes' sentence. */
export function foreignIn({ error }: Ran<unknown>): string[] {
  const lines = error?.message.split('\n') ?? []
  return lines.flatMap((line) => /^(\S+): .* belongs to somebody else/.exec(line)?.[1] ?? []).sort()
}
