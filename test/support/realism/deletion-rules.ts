import type { Pace } from './lifecycle.js'
import type { Rule } from './rule.js'
import { bucketNotEmpty } from './rules/bucket.js'
import { locationInUse } from './rules/datasync-location.js'
import { clusterInUse } from './rules/ecs-cluster.js'
import { taskInterfaces } from './rules/ecs-task.js'
import { gatewayInUse } from './rules/internet-gateway.js'
import { keyUnusable } from './rules/key-state.js'
import { natGateways } from './rules/nat-gateway.js'
import { queueNameCooldown } from './rules/queue.js'
import { scheduleGroups } from './rules/schedule-group.js'
import { securityGroupInUse } from './rules/security-group.js'
import { stateMachines } from './rules/state-machine.js'
import { subnetInUse } from './rules/subnet.js'
import { vpcEndpoints } from './rules/vpc-endpoint.js'
import { vpcInUse } from './rules/vpc.js'
import { workgroupNotEmpty } from './rules/workgroup.js'

export interface DeletionOptions {
  /** How long things take that AWS makes and removes in its own time; each by default until it has been looked at twice: once is no waiting. */
  pace?: Pace
  /** How many deletions the interface of a stopped task still stands in the way of. Default 0. */
  lingering?: number
  /** How many attempts to use the name of a deleted queue again are refused. Default 2. */
  queueNameRefusals?: number
}

/**
 * What AWS says about the order in which things are deleted, and moto does not. The rest it enforces itself: roles with
 * policies, repositories with images, rules with targets, route tables and network ACLs in use, attached gateways.
 */
export function deletionRules(options: DeletionOptions = {}): Rule[] {
  const { pace = { looks: 2 }, lingering = 0, queueNameRefusals = 2 } = options
  const tasks = taskInterfaces(lingering)
  return [
    ...tasks.rules,
    ...natGateways(pace),
    ...vpcEndpoints(pace),
    securityGroupInUse(),
    subnetInUse(),
    vpcInUse(),
    gatewayInUse(tasks.isPublic),
    clusterInUse(),
    bucketNotEmpty(),
    queueNameCooldown(queueNameRefusals),
    workgroupNotEmpty(),
    scheduleGroups(pace),
    stateMachines(pace),
    locationInUse(),
    ...keyUnusable(),
  ]
}
