import { EC2Client } from '@aws-sdk/client-ec2'
import type {
  Address,
  FlowLog,
  InternetGateway,
  NatGateway,
  NetworkAcl,
  NetworkInterface,
  RouteTable,
  SecurityGroup,
  SecurityGroupRule,
  ServiceOutputTypes,
  Subnet,
  Tag,
  TagSpecification,
  Vpc,
  VpcEndpoint,
} from '@aws-sdk/client-ec2'
import { mockClient } from 'aws-sdk-client-mock'
import type { AwsContext } from '../../../src/aws/context.js'
import { testContext } from '../../support/resource.js'
import { aclHandlers } from './fake-acls.js'
import { endpointHandlers } from './fake-endpoints.js'
import { flowLogHandlers } from './fake-flow-logs.js'
import { gatewayHandlers } from './fake-gateways.js'
import { groupHandlers } from './fake-groups.js'
import { natHandlers } from './fake-nat.js'
import { vpcHandlers } from './fake-vpcs.js'

export type Handlers = Record<string, (input: never) => object>

export function awsError(name: string, message = name): Error {
  return Object.assign(new Error(message), { name })
}

/**
 * An EC2 that keeps state and refuses what EC2 refuses: what is in use, what is there already, what is gone. It outlives the
 * contexts that use it, so that a run can be killed at any call and another one started on what is left.
 */
export class FakeEc2 {
  readonly vpcs = new Map<string, Vpc & { dnsSupport: boolean; dnsHostnames: boolean }>()
  readonly subnets = new Map<string, Subnet>()
  readonly gateways = new Map<string, InternetGateway>()
  readonly tables = new Map<string, RouteTable>()
  readonly groups = new Map<string, SecurityGroup>()
  readonly rules = new Map<string, SecurityGroupRule>()
  readonly endpoints = new Map<string, VpcEndpoint>()
  readonly interfaces = new Map<string, NetworkInterface>()
  readonly addresses = new Map<string, Address>()
  readonly nats = new Map<string, NatGateway>()
  readonly acls = new Map<string, NetworkAcl>()
  readonly flowLogs = new Map<string, FlowLog>()
  zones = ['use1-az2', 'use1-az1', 'use1-az4']
  /** The zones in which a service has interface endpoints, by its short name; every other service is unknown. */
  services: Record<string, string[]> = Object.fromEntries(
    ['ecr.api', 'ecr.dkr', 'logs', 'glue', 'secretsmanager'].map((name) => [name, [...this.zones]]),
  )
  /** How often something must be looked at until it has become available, or is gone. */
  lag = 0
  /** Called before each call of a run, with the state as it is then. */
  observer: ((name: string) => void) | undefined
  /** Calls of the current run, in order. */
  calls: { name: string; input: Record<string, unknown> }[] = []
  /** The current run dies at its nth call: before it has an effect, or after it but before the answer arrives. */
  kill: { call: number; moment: 'before' | 'after' } | undefined
  #failures = new Map<string, Error[]>()
  #answers = new Map<string, object>()
  #serial = 0

  /** A new run: a context that remembers nothing of an earlier one. */
  run(): AwsContext {
    this.calls = []
    this.kill = undefined
    const aws = testContext()
    const handlers: Handlers = {
      ...vpcHandlers(this),
      ...gatewayHandlers(this),
      ...groupHandlers(this),
      ...endpointHandlers(this),
      ...natHandlers(this),
      ...aclHandlers(this),
      ...flowLogHandlers(this),
    }
    mockClient(aws.clients.of(EC2Client)).send.callsFake(async (command) => {
      const name = command.constructor.name.replace(/Command$/, '')
      const handler = handlers[name]
      if (handler === undefined) throw new Error(`the fake does not know ${name}`)
      return this.#answer(name, handler, command.input as never) as ServiceOutputTypes
    })
    return aws
  }

  /** The next calls of this name fail so, one after the other; later ones work again. */
  fail(name: string, ...errors: Error[]): void {
    this.#failures.set(name, errors)
  }

  /** Calls of this name have no effect and answer so. */
  answer(name: string, answer: object): void {
    this.#answers.set(name, answer)
  }

  /** The names of the calls of this run, only those asked for. */
  called(...names: string[]): string[] {
    return this.calls.map((call) => call.name).filter((name) => names.includes(name))
  }

  inputsOf(name: string): Record<string, unknown>[] {
    return this.calls.filter((call) => call.name === name).map((call) => call.input)
  }

  id(prefix: string): string {
    return `${prefix}-${++this.#serial}`
  }

  /** How many of each kind exist, as a user would count them. */
  census(): Record<string, number> {
    return {
      vpcs: this.vpcs.size,
      subnets: this.subnets.size,
      gateways: this.gateways.size,
      tables: this.tables.size,
      groups: this.groups.size,
      rules: this.rules.size,
      endpoints: this.endpoints.size,
      addresses: this.addresses.size,
      nats: [...this.nats.values()].filter((nat) => nat.State !== 'deleted').length,
      acls: [...this.acls.values()].filter((acl) => acl.IsDefault !== true).length,
      flowLogs: this.flowLogs.size,
      interfaces: this.interfaces.size,
    }
  }

  #answer(name: string, handler: (input: never) => object, input: never): object {
    this.calls.push({ name, input })
    this.observer?.(name)
    const number = this.calls.length
    if (
      this.kill !== undefined &&
      (number > this.kill.call || (number === this.kill.call && this.kill.moment === 'before'))
    )
      throw awsError('Killed')
    const failure = this.#failures.get(name)?.shift()
    if (failure !== undefined) throw failure
    const answer = structuredClone(this.#answers.get(name) ?? handler(input))
    if (number === this.kill?.call) throw awsError('Killed')
    return answer
  }
}

export function tagsOf(input: { TagSpecifications?: TagSpecification[] }): Tag[] {
  return [...(input.TagSpecifications?.[0]?.Tags ?? [])]
}

/** The item with this id. Throws the error that EC2 answers when there is none. */
export function existing<T>(items: Map<string, T>, id: string | undefined, missing: string): T {
  const item = items.get(id ?? '')
  if (item === undefined) throw awsError(missing, `${id} does not exist`)
  return item
}
