import {
  DataSyncClient,
  DeleteAgentCommand,
  DescribeAgentCommand,
  paginateListAgents,
  TagResourceCommand,
  UpdateAgentCommand,
} from '@aws-sdk/client-datasync'
import type { AwsContext } from '../../aws/context.js'
import { diffTags, upperTags, type Tags } from '../../aws/tags.js'
import { diffProperties, type Change } from '../../engine/change.js'
import type { Operation } from '../../engine/operation.js'
import type { Deletion, Observed, ResourceOptions } from '../../engine/resource.js'
import { retryWhile } from '../../engine/wait.js'
import { DatapipeError } from '../../errors.js'
import { AwsResource } from '../resource.js'
import { isInUse, unlessGone } from './errors.js'
import { findTagged, type Hit, type Listed } from './lookup.js'

export interface DataSyncAgentProperties {
  /** An agent of somebody else: only used, never changed or deleted. Left out: ours, found by its tags. */
  arn?: string
}

export interface DataSyncAgentAttributes {
  arn: string
}

interface ObservedAgent extends Observed<DataSyncAgentAttributes> {
  status: string | undefined
  name: string | undefined
  tags: Tags
  lastConnection: Date | undefined
  endpointType: string | undefined
}

/**
 * The agent: a virtual machine beside the file server, activated by a person with `datapipe datasync activate`. `up` cannot
 * make one; it asks that there is one and that it is online, because nothing that copies can be made without it.
 */
export class DataSyncAgent extends AwsResource<DataSyncAgentAttributes, ObservedAgent> {
  readonly type = 'AWS::DataSync::Agent'
  // CreateAgent and what is about VPC endpoints: `datapipe datasync activate`.
  readonly iamActions = [
    'datasync:CreateAgent',
    'datasync:DeleteAgent',
    'datasync:DescribeAgent',
    'datasync:ListAgents',
    'datasync:ListTagsForResource',
    'datasync:TagResource',
    'datasync:UpdateAgent',
    'ec2:DescribeNetworkInterfaces',
    'ec2:DescribeVpcEndpoints',
  ]
  override readonly shared: boolean

  readonly #datasync: DataSyncClient

  constructor(
    aws: AwsContext,
    id: string,
    name: string,
    private readonly properties: DataSyncAgentProperties = {},
    options: ResourceOptions = {},
  ) {
    super(aws, id, name, options)
    this.shared = properties.arn !== undefined
    this.#datasync = aws.clients.of(DataSyncClient)
  }

  override get expectedPhysicalId(): string {
    return this.properties.arn ?? super.expectedPhysicalId
  }

  async read(): Promise<ObservedAgent | undefined> {
    const hit = await this.#find()
    if (hit === undefined) return undefined
    const agent = await unlessGone(this.#datasync.send(new DescribeAgentCommand({ AgentArn: hit.arn })))
    if (agent === undefined) return undefined
    return {
      physicalId: hit.arn,
      attributes: { arn: hit.arn },
      owned: true,
      status: agent.Status,
      name: agent.Name,
      tags: hit.tags,
      lastConnection: agent.LastConnectionTime,
      endpointType: agent.EndpointType,
    }
  }

  diff(observed: ObservedAgent): Change[] {
    const status = diffProperties({ status: observed.status }, { status: 'ONLINE' })
    if (this.shared) return status
    return [
      ...status,
      ...diffProperties({ name: observed.name }, { name: this.name }),
      ...diffTags(observed.tags, this.tags),
    ]
  }

  /** @throws DatapipeError DATASYNC_NO_AGENT always: only a person can activate one */
  create(): Promise<DataSyncAgentAttributes> {
    return Promise.reject(noAgentError(this.aws.env, this.properties.arn))
  }

  /** @throws DatapipeError DATASYNC_AGENT_OFFLINE */
  async update(observed: ObservedAgent, changes: readonly Change[]): Promise<DataSyncAgentAttributes> {
    const changed = (path: string) => changes.some((change) => change.path.startsWith(path))
    if (changed('name')) {
      await this.#datasync.send(new UpdateAgentCommand({ AgentArn: observed.physicalId, Name: this.name }))
    }
    if (changed('tags')) {
      await this.#datasync.send(
        new TagResourceCommand({ ResourceArn: observed.physicalId, Tags: upperTags(this.tags) }),
      )
    }
    if (changed('status')) throw agentOfflineError(observed.physicalId, observed.lastConnection)
    return observed.attributes
  }

  /** The virtual machine stays, and can be activated again. */
  async delete(observed: ObservedAgent, op: Operation): Promise<Deletion> {
    const gone = await retryWhile(
      () => unlessGone(this.#datasync.send(new DeleteAgentCommand({ AgentArn: observed.physicalId }))),
      {
        what: 'waiting for DataSync to let go of the agent',
        retryable: isInUse,
        timeoutMs: 60_000,
      },
      op,
    )
    return { status: gone === undefined ? 'absent' : 'deleted' }
  }

  async #find(): Promise<Hit | undefined> {
    if (this.properties.arn !== undefined) return { arn: this.properties.arn, tags: {} }
    const listed: Listed[] = []
    for await (const page of paginateListAgents({ client: this.#datasync }, {})) {
      for (const { AgentArn: arn, Name: label = '' } of page.Agents ?? [])
        if (arn !== undefined) listed.push({ arn, label })
    }
    const wanted = { id: this.id, noun: 'DataSync agent', label: this.name, tags: this.tags }
    return findTagged(this.aws, this.#datasync, listed, wanted)
  }
}

/** DATASYNC_NO_AGENT, with what to do. */
export function noAgentError(env: string, arn?: string): DatapipeError {
  return new DatapipeError(
    'DATASYNC_NO_AGENT',
    arn === undefined
      ? `Environment ${env} copies from a file server, but no DataSync agent is activated for it.`
      : `The DataSync agent ${arn} does not exist in this account and region.`,
    {
      suggestions: [
        `See what to prepare, step by step: datapipe datasync activate --env ${env}`,
        `Then activate the agent and run \`up\` again: datapipe datasync activate --agent-address <address> --env ${env}`,
      ],
    },
  )
}

/** DATASYNC_AGENT_OFFLINE, with where to look. */
export function agentOfflineError(arn: string, lastConnection: Date | undefined): DatapipeError {
  const since =
    lastConnection === undefined ? '' : ` It was last heard of at ${lastConnection.toISOString()}.`
  return new DatapipeError('DATASYNC_AGENT_OFFLINE', `The DataSync agent ${arn} is not online.${since}`, {
    suggestions: [
      'Check that its virtual machine runs and that it reaches AWS on port 443 (its local console has "Test network connectivity").',
      'If the virtual machine is lost, activate another one: datapipe datasync activate --replace --agent-address <address>',
    ],
  })
}
