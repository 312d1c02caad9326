import type { CreateFlowLogsRequest, DescribeFlowLogsRequest } from '@aws-sdk/client-ec2'
import { existing, tagsOf, type FakeEc2, type Handlers } from './fake-ec2.js'
import { select } from './fake-filters.js'

export function flowLogHandlers(ec2: FakeEc2): Handlers {
  return {
    CreateFlowLogs: (input: CreateFlowLogsRequest) => {
      const [ResourceId = ''] = input.ResourceIds ?? []
      existing(ec2.vpcs, ResourceId, 'InvalidVpcId.NotFound')
      const { LogDestination, LogDestinationType, MaxAggregationInterval, TrafficType } = input
      const there = [...ec2.flowLogs.values()].some(
        (log) => log.ResourceId === ResourceId && log.LogDestination === LogDestination,
      )
      if (there) {
        const failure = { Code: 'FlowLogAlreadyExists', Message: 'There is an existing Flow Log' }
        return { FlowLogIds: [], Unsuccessful: [{ ResourceId, Error: failure }] }
      }
      const FlowLogId = ec2.id('fl')
      ec2.flowLogs.set(FlowLogId, {
        ...{ FlowLogId, ResourceId, LogDestination, LogDestinationType, MaxAggregationInterval, TrafficType },
        FlowLogStatus: 'ACTIVE',
        Tags: tagsOf(input),
      })
      return { FlowLogIds: [FlowLogId], Unsuccessful: [] }
    },
    DescribeFlowLogs: (input: DescribeFlowLogsRequest) => ({
      FlowLogs:
        input.FlowLogIds === undefined
          ? select(ec2.flowLogs.values(), input.Filter, { 'resource-id': (log) => [log.ResourceId] })
          : input.FlowLogIds.flatMap((id) => ec2.flowLogs.get(id) ?? []),
    }),
    DeleteFlowLogs: (input: { FlowLogIds: string[] }) => ({
      Unsuccessful: input.FlowLogIds.filter((id) => !ec2.flowLogs.delete(id)).map((ResourceId) => ({
        ResourceId,
        Error: { Code: 'InvalidFlowLogId.NotFound', Message: `${ResourceId} does not exist` },
      })),
    }),
  }
}
