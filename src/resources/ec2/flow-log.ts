import { randomUUID } from 'node:crypto'
import {
  CreateFlowLogsCommand,
  DeleteFlowLogsCommand,
  DescribeFlowLogsCommand,
  type UnsuccessfulItem,
} from '@aws-sdk/client-ec2'
import type { AwsContext } from '../../aws/context.js'
import { isAwsError, retryNotFound, unlessMissing } from '../../aws/retry.js'
import { diffTags, fromTagList, type Tags } from '../../aws/tags.js'
import { diffProperties, type Change } from '../../engine/change.js'
import type { Operation } from '../../engine/operation.js'
import type { Deletion, Observed, ResourceOptions } from '../../engine/resource.js'
import { waitFor } from '../../engine/wait.js'
import { DatapipeError } from '../../errors.js'
import { Ec2Resource } from './ec2-resource.js'
import { flowLogsInPlace } from './lost-tags.js'
import { present } from './tagged.js'

export interface FlowLogProperties {
  vpcId: () => string
  /** ARN of the bucket, whose policy must let `delivery.logs.amazonaws.com` write before this is made. */
  bucketArn: () => string
}

export interface FlowLogAttributes {
  flowLogId: string
}

interface ObservedFlowLog extends Observed<FlowLogAttributes> {
  properties: {
    vpcId: string | undefined
    destination: { type: string; arn: string | undefined }
    traffic: string | undefined
    /** Seconds. */
    aggregation: number | undefined
    status: string
  }
  tags: Tags
}

const MISSING = ['InvalidFlowLogId.NotFound', 'InvalidFlowLogID.NotFound']
const AGGREGATION_SECONDS = 600

/** The record of every connection of a VPC, accepted or refused, in an S3 bucket (spec §2.9). Only its tags can be changed. */
export class FlowLog extends Ec2Resource<FlowLogAttributes, ObservedFlowLog> {
  readonly type = 'AWS::EC2::FlowLog'
  readonly iamActions = [
    'ec2:CreateFlowLogs',
    'ec2:CreateTags',
    'ec2:DeleteFlowLogs',
    'ec2:DescribeFlowLogs',
    'logs:CreateLogDelivery',
    'logs:DeleteLogDelivery',
  ]
  protected readonly noun = 'flow log'

  constructor(
    aws: AwsContext,
    id: string,
    name: string,
    private readonly properties: FlowLogProperties,
    options: ResourceOptions = {},
  ) {
    super(aws, id, name, options)
  }

  async read(): Promise<ObservedFlowLog | undefined> {
    const { bucketArn, vpcId } = this.properties
    const hit = await this.find(
      await this.inventory.flowLogs.get(),
      (found) => found.FlowLogId,
      () => flowLogsInPlace(this.ec2, vpcId(), bucketArn()),
    )
    if (hit === undefined) return undefined
    const { found: log, owned } = hit
    const flowLogId = present(log.FlowLogId, 'FlowLogId')
    return {
      physicalId: flowLogId,
      attributes: { flowLogId },
      owned,
      properties: {
        vpcId: log.ResourceId,
        destination: { type: log.LogDestinationType ?? 'cloud-watch-logs', arn: log.LogDestination },
        traffic: log.TrafficType,
        aggregation: log.MaxAggregationInterval,
        status: log.FlowLogStatus ?? 'ACTIVE',
      },
      tags: fromTagList(log.Tags),
    }
  }

  diff(observed: ObservedFlowLog): Change[] {
    const changes = diffProperties(observed.properties, {
      vpcId: this.properties.vpcId(),
      destination: { type: 's3', arn: this.properties.bucketArn() },
      traffic: 'ALL',
      aggregation: AGGREGATION_SECONDS,
      status: 'ACTIVE',
    })
    return [
      ...changes.map((change) => ({ ...change, replaces: true })),
      ...diffTags(observed.tags, this.tags),
    ]
  }

  create(op: Operation): Promise<FlowLogAttributes> {
    return this.inventory.flowLogs.changing(async () => ({ flowLogId: await this.#createOrFind(op) }))
  }

  update(observed: ObservedFlowLog): Promise<FlowLogAttributes> {
    return this.inventory.flowLogs.changing(async () => {
      await this.putTags(observed.physicalId)
      return observed.attributes
    })
  }

  /** What it has recorded stays in the bucket, and what AWS still has to deliver comes up to ten minutes later. */
  delete(observed: ObservedFlowLog, op: Operation): Promise<Deletion> {
    const flowLogId = observed.physicalId
    return this.inventory.flowLogs.changing(async () => {
      const answer = await unlessMissing(
        this.ec2.send(new DeleteFlowLogsCommand({ FlowLogIds: [flowLogId] })),
        ...MISSING,
      )
      const failure = answer?.Unsuccessful?.[0]
      const absent = answer === undefined || MISSING.includes(failure?.Error?.Code ?? '')
      if (!absent) throwFailure(failure)
      await waitFor(
        {
          what: `flow log ${flowLogId} to be gone`,
          poll: () => this.#exists(flowLogId),
          check: (exists) => (exists ? 'pending' : 'done'),
          timeoutMs: 300_000,
        },
        op,
      )
      return { status: absent ? 'absent' : 'deleted' }
    })
  }

  /** The call succeeds even when nothing was made; what failed is in its answer (spec §2.9). */
  async #createOrFind(op: Operation): Promise<string> {
    const token = randomUUID()
    try {
      return await retryNotFound(
        async () => {
          const answer = await this.ec2.send(
            new CreateFlowLogsCommand({
              ResourceType: 'VPC',
              ResourceIds: [this.properties.vpcId()],
              TrafficType: 'ALL',
              MaxAggregationInterval: AGGREGATION_SECONDS,
              LogDestinationType: 's3',
              LogDestination: this.properties.bucketArn(),
              ClientToken: token,
              TagSpecifications: this.tagSpecifications('vpc-flow-log'),
            }),
          )
          throwFailure(answer.Unsuccessful?.[0])
          return present(answer.FlowLogIds?.[0], 'FlowLogIds')
        },
        'waiting for the new VPC to be seen everywhere',
        op,
        'InvalidVpcID.NotFound',
        'InvalidVpcId.NotFound',
      )
    } catch (error) {
      if (!isAwsError(error, 'FlowLogAlreadyExists')) throw error
      return this.#findTwin(error)
    }
  }

  /** The same VPC and bucket have one: made by a run that did not live to see the answer, or by somebody else. */
  async #findTwin(cause: unknown): Promise<string> {
    const ours = this.pick(await this.inventory.flowLogs.fresh(), (found) => found.FlowLogId)
    if (ours?.FlowLogId !== undefined) return ours.FlowLogId
    throw new DatapipeError(
      'FLOW_LOG_TAKEN',
      `${this.properties.vpcId()} already has a flow log to ${this.properties.bucketArn()} that does not carry the tags of ${this.id}.`,
      { cause, suggestions: ['Delete that flow log if nobody needs it, then run the same command again.'] },
    )
  }

  async #exists(flowLogId: string): Promise<boolean> {
    const answer = await unlessMissing(
      this.ec2.send(new DescribeFlowLogsCommand({ FlowLogIds: [flowLogId] })),
      ...MISSING,
    )
    return (answer?.FlowLogs ?? []).length > 0
  }
}

function throwFailure(failure: UnsuccessfulItem | undefined): void {
  if (failure?.Error === undefined) return
  throw Object.assign(new Error(failure.Error.Message ?? 'The flow log call failed'), {
    name: failure.Error.Code ?? 'UnknownError',
  })
}
