import { DescribeClustersCommand, type Cluster, type ECSClient } from '@aws-sdk/client-ecs'
import type { Operation } from '../../engine/operation.js'
import { waitFor } from '../../engine/wait.js'

export const CLUSTER_TIMEOUT_MS = 600_000

/** Deleted clusters stay visible as INACTIVE for a while: they are absent (spec §8.1). */
export async function describeCluster(ecs: ECSClient, name: string): Promise<Cluster | undefined> {
  const { clusters } = await ecs.send(
    new DescribeClustersCommand({ clusters: [name], include: ['SETTINGS', 'CONFIGURATIONS', 'TAGS'] }),
  )
  return clusters?.find((cluster) => cluster.status !== 'INACTIVE')
}

/** A new cluster is PROVISIONING until its capacity providers are attached. */
export async function waitUntilActive(ecs: ECSClient, name: string, op: Operation): Promise<void> {
  await waitFor(
    {
      what: `cluster ${name} to become active`,
      poll: () => describeCluster(ecs, name),
      check: (cluster) => {
        if (cluster?.status === 'ACTIVE') return 'done'
        return cluster?.status === 'FAILED'
          ? { failed: 'its capacity providers could not be attached.' }
          : 'pending'
      },
      timeoutMs: CLUSTER_TIMEOUT_MS,
    },
    op,
  )
}

export async function waitUntilGone(ecs: ECSClient, name: string, op: Operation): Promise<void> {
  await waitFor(
    {
      what: `cluster ${name} to be gone`,
      poll: () => describeCluster(ecs, name),
      check: (cluster) => (cluster === undefined ? 'done' : 'pending'),
      timeoutMs: CLUSTER_TIMEOUT_MS,
    },
    op,
  )
}
