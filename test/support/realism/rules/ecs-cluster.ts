import { DescribeTasksCommand, ECSClient, ListServicesCommand, ListTasksCommand } from '@aws-sdk/client-ecs'
import { text } from '../request.js'
import type { Rule } from '../rule.js'

/** A cluster goes when it has neither services nor tasks that have not stopped (spec §8.1). */
export function clusterInUse(): Rule {
  return {
    name: 'cluster in use',
    service: 'ecs',
    actions: ['DeleteCluster'],
    async before(request, emulator) {
      const cluster = text(request, 'cluster')
      const ecs = emulator.client(ECSClient, request.region)
      const { serviceArns = [] } = await ecs.send(new ListServicesCommand({ cluster }))
      if (serviceArns.length > 0) {
        return {
          refuse: {
            code: 'ClusterContainsServicesException',
            message: 'The Cluster cannot be deleted while Services are active.',
          },
        }
      }
      const { taskArns: arns = [] } = await ecs.send(new ListTasksCommand({ cluster }))
      if (arns.length === 0) return undefined
      const { tasks = [] } = await ecs.send(new DescribeTasksCommand({ cluster, tasks: arns }))
      if (tasks.every(({ lastStatus }) => lastStatus === 'STOPPED')) return undefined
      return {
        refuse: {
          code: 'ClusterContainsTasksException',
          message: 'The Cluster cannot be deleted while Tasks are active.',
        },
      }
    },
  }
}
