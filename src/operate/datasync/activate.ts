import { CreateAgentCommand, DataSyncClient, TagResourceCommand } from '@aws-sdk/client-datasync'
import { parseArn } from '../../aws/arn.js'
import type { AwsContext } from '../../aws/context.js'
import { TAG, upperTags } from '../../aws/tags.js'
import type { Environment } from '../../config/schema.js'
import type { Operation } from '../../engine/operation.js'
import { waitFor } from '../../engine/wait.js'
import { DatapipeError, messageOf, UsageError } from '../../errors.js'
import { AGENT_ID } from '../../pipeline/ingestion.js'
import { agentOfflineError, type DataSyncAgent } from '../../resources/datasync/agent.js'
import { fetchActivationKey } from './activation-key.js'
import { configuredIngestion } from './configured.js'
import { privateEndpoint } from './private-endpoint.js'

export interface ActivateRequest {
  address: string
  /** Id of a VPC endpoint for DataSync. */
  privateEndpoint?: string
  subnet?: string
  /** Take the place of an agent that is lost. */
  replace: boolean
  signal: AbortSignal
  /** Says what is done and waited for. */
  onProgress: (message: string) => void
}

export interface ActivateResult {
  agentArn: string
  /** `already`: it was online before, and nothing was done. */
  action: 'activated' | 'already'
  /** The agent that this one takes the place of; the next `up` deletes it. */
  replaced: string | null
}

const ONLINE_MS = 300_000

/**
 * Makes the agent of this environment known to AWS and waits until it is online. Whatever stops it halfway, the same
 * command continues: an agent is found by its tags.
 * @throws UsageError DATASYNC_NOT_CONFIGURED, DATASYNC_AGENT_SHARED, DATASYNC_EMULATED; those of `fetchActivationKey` and
 *   `privateEndpoint`; DatapipeError DATASYNC_AGENT_OFFLINE, DATASYNC_ACTIVATION_REFUSED, WAIT_TIMEOUT
 */
export async function activate(
  aws: AwsContext,
  environment: Environment,
  request: ActivateRequest,
): Promise<ActivateResult> {
  const agent = ownAgent(aws, environment)
  const present = await agent.read()
  if (present !== undefined && !request.replace) {
    if (present.status === 'ONLINE') {
      return { agentArn: present.physicalId, action: 'already', replaced: null }
    }
    throw agentOfflineError(present.physicalId, present.lastConnection)
  }
  const endpoint =
    request.privateEndpoint === undefined
      ? undefined
      : await privateEndpoint(aws, request.privateEndpoint, request.subnet)
  request.onProgress(`Asking ${request.address} for its activation key`)
  const key = await fetchActivationKey({
    address: request.address,
    region: aws.region,
    signal: request.signal,
    ...(endpoint === undefined ? {} : { privateLinkEndpoint: endpoint.address }),
  })
  if (present !== undefined) await giveWay(aws, present.physicalId)
  request.onProgress('Activating the agent')
  const agentArn = await create(aws, agent, key, {
    ...(endpoint === undefined
      ? {}
      : {
          VpcEndpointId: endpoint.vpcEndpointId,
          SubnetArns: [endpoint.subnetArn],
          SecurityGroupArns: endpoint.securityGroupArns,
        }),
  })
  await untilOnline(agent, agentArn, request)
  return { agentArn, action: 'activated', replaced: present?.physicalId ?? null }
}

function ownAgent(aws: AwsContext, environment: Environment): DataSyncAgent {
  const { agent } = configuredIngestion(aws, environment)
  if (agent === undefined) {
    throw new UsageError(
      'DATASYNC_EMULATED',
      `Environment ${environment.name} is an emulator, which has no agents.`,
      {
        suggestions: ['Nothing needs to be activated there. Choose an environment on AWS with --env.'],
      },
    )
  }
  if (agent.shared) {
    throw new UsageError(
      'DATASYNC_AGENT_SHARED',
      `Environment ${environment.name} uses the agent ${agent.expectedPhysicalId} of somebody else.`,
      { suggestions: ['Take `agent` out of `datasync` in datapipe.yaml to activate one of its own.'] },
    )
  }
  return agent
}

/** The lost agent stops being ours to use, but stays ours to delete: what copies through it is moved by `up` first. */
async function giveWay(aws: AwsContext, arn: string): Promise<void> {
  const id = `${AGENT_ID}-replaced/${parseArn(arn).name}`
  await aws.clients
    .of(DataSyncClient)
    .send(new TagResourceCommand({ ResourceArn: arn, Tags: [{ Key: TAG.id, Value: id }] }))
}

async function create(
  aws: AwsContext,
  agent: DataSyncAgent,
  key: string,
  network: { VpcEndpointId?: string; SubnetArns?: string[]; SecurityGroupArns?: string[] },
): Promise<string> {
  try {
    const { AgentArn } = await aws.clients.of(DataSyncClient).send(
      new CreateAgentCommand({
        ActivationKey: key,
        AgentName: agent.name,
        Tags: upperTags(agent.tags),
        ...network,
      }),
    )
    if (AgentArn !== undefined) return AgentArn
    throw new Error('DataSync answered without AgentArn')
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'InvalidRequestException') throw error
    // The service may quote the key; neither its message nor the error itself, with its request, is kept.
    const said = messageOf(error).replaceAll(key, '[hidden]')
    throw new DatapipeError('DATASYNC_ACTIVATION_REFUSED', `DataSync did not accept the agent: ${said}`, {
      suggestions: [
        'Run the same command again: a key works once and for half an hour only, and each run asks for a new one.',
        `Check that the agent reaches AWS in ${aws.region}, and that no other account activated it.`,
      ],
    })
  }
}

async function untilOnline(agent: DataSyncAgent, arn: string, request: ActivateRequest): Promise<void> {
  const op: Operation = { signal: request.signal, waiting: request.onProgress }
  await waitFor(
    {
      what: `agent ${arn} to come online`,
      poll: () => agent.read(),
      check: (seen) => (seen?.status === 'ONLINE' ? 'done' : 'pending'),
      timeoutMs: ONLINE_MS,
      maxDelayMs: 5000,
    },
    op,
  )
}
