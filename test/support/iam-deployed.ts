import type { ApiCall } from '../../src/aws/clients.js'
import type { AwsContext } from '../../src/aws/context.js'
import type { RoleName } from '../../src/aws/names.js'
import type { PolicyDocument } from '../../src/aws/policy.js'
import { resolveEnvironment } from '../../src/config/environments.js'
import { configSchema, type Environment } from '../../src/config/schema.js'
import { up } from '../../src/operate/provision/up.js'
import { readFacts, recordingContext, type Facts } from './iam-recording.js'
import { requestsOf } from './iam-requests.js'
import type { IamRequest } from './iam-simulator.js'
import { startMoto, type Moto } from './moto.js'

const SIGNAL = new AbortController().signal

/** An environment that `up` deployed to moto, and everything that it sent: the policies judged are those that AWS would get. */
export class Deployed {
  /** Calls since `forget`. */
  readonly calls: ApiCall[]

  private constructor(
    readonly moto: Moto,
    readonly aws: AwsContext,
    readonly environment: Environment,
    readonly facts: Facts,
    calls: ApiCall[],
    private readonly deployment: readonly ApiCall[],
  ) {
    this.calls = calls
  }

  static async create(settings: object): Promise<Deployed> {
    const moto = await startMoto()
    const calls: ApiCall[] = []
    const aws = recordingContext(moto.endpoint, calls)
    const environment = resolveEnvironment(configSchema.parse({ project: 'sensors', ...settings }), 'dev')
    await up(aws, environment, { signal: SIGNAL, onEvent: () => undefined })
    const facts = await readFacts(moto.endpoint)
    return new Deployed(moto, aws, environment, facts, calls, calls.splice(0))
  }

  async remove(): Promise<void> {
    this.aws.clients.destroy()
    await this.moto.stop()
  }

  /** What IAM is asked for the calls that an action makes. */
  async requestsOf(action: () => Promise<unknown>): Promise<{ calls: number; requests: IamRequest[] }> {
    this.calls.length = 0
    await action()
    const calls = this.calls.splice(0)
    return {
      calls: calls.length,
      requests: calls.flatMap((call) => requestsOf(call, this.aws.names, this.facts)),
    }
  }

  /** The inputs of one operation of the deployment. */
  sent<T>(service: string, operation: string): T[] {
    return this.deployment
      .filter((call) => call.service === service && call.operation === operation)
      .map(({ input }) => input as T)
  }

  rolePolicy(role: RoleName): PolicyDocument {
    return this.#roleDocument(role, 'PutRolePolicy', 'PolicyDocument')
  }

  trustPolicy(role: RoleName): PolicyDocument {
    return this.#roleDocument(role, 'CreateRole', 'AssumeRolePolicyDocument')
  }

  #roleDocument(role: RoleName, operation: string, property: string): PolicyDocument {
    const name = this.aws.names.role(role)
    const found = this.sent<Record<string, string>>('IAM', operation).find(
      ({ RoleName }) => RoleName === name,
    )
    if (found === undefined) throw new Error(`up sent no ${operation} for ${name}`)
    return JSON.parse(found[property] ?? '') as PolicyDocument
  }
}
