import { DescribeTasksCommand, paginateListTasks, StopTaskCommand, type ECSClient } from '@aws-sdk/client-ecs'
import { isAwsError, unlessMissing } from '../../aws/retry.js'
import type { Operation } from '../../engine/operation.js'
import { waitFor } from '../../engine/wait.js'

/** The longest `stopTimeout` of Fargate is 120 s; the rest is for its network interface to go. */
const STOP_TIMEOUT_MS = 300_000

/**
 * Stops the tasks of one task definition family in a cluster and waits until they are gone.
 * @returns the ARNs of tasks of other families, which are left alone
 */
export async function stopTasks(
  ecs: ECSClient,
  cluster: string,
  family: string,
  op: Operation,
): Promise<string[]> {
  const tasks = await listTasks(ecs, cluster)
  if (tasks.length === 0) return []
  const ours = new Set(await listTasks(ecs, cluster, family))
  for (const task of ours) {
    await unlessStopped(
      ecs.send(new StopTaskCommand({ cluster, task, reason: 'datapipe removes this environment' })),
    )
  }
  if (ours.size > 0) {
    await waitFor(
      {
        what: `${ours.size} tasks in ${cluster} to stop`,
        poll: () => stillRunning(ecs, cluster, [...ours]),
        check: (running) => (running === 0 ? 'done' : 'pending'),
        timeoutMs: STOP_TIMEOUT_MS,
      },
      op,
    )
  }
  return tasks.filter((task) => !ours.has(task))
}

async function listTasks(ecs: ECSClient, cluster: string, family?: string): Promise<string[]> {
  const found: string[] = []
  try {
    for await (const page of paginateListTasks({ client: ecs }, { cluster, family })) {
      found.push(...(page.taskArns ?? []))
    }
  } catch (error) {
    if (!isAwsError(error, 'ClusterNotFoundException')) throw error
  }
  return found
}

/** Tasks that were asked to stop leave the list at once but hold the cluster until they are STOPPED. */
async function stillRunning(ecs: ECSClient, cluster: string, tasks: string[]): Promise<number> {
  let running = 0
  // DescribeTasks takes 100 at a time.
  for (let start = 0; start < tasks.length; start += 100) {
    const page = await ecs.send(new DescribeTasksCommand({ cluster, tasks: tasks.slice(start, start + 100) }))
    running += (page.tasks ?? []).filter((task) => task.lastStatus !== 'STOPPED').length
  }
  return running
}

/** A task that ended by itself meanwhile is "not found". */
async function unlessStopped(call: Promise<unknown>): Promise<void> {
  await unlessMissing(call, 'InvalidParameterException')
}
