import { DeleteNetworkInterfaceCommand } from '@aws-sdk/client-ec2'
import type { Emulator } from '../emulator.js'
import type { Rule } from '../rule.js'
import { ec2Of, interfaces } from './ec2-state.js'

interface Attached {
  interfaceId: string
  isPublic: boolean
  /** How many deletions it still stands in the way of, once its task has been stopped. */
  stopped?: { refusals: number }
}

interface RunTaskAnswer {
  tasks: {
    taskArn: string
    attachments: { details: { name: string; value: string }[] }[]
  }[]
}

/**
 * The network interface of a Fargate task outlives the task: what it is in, and what it uses, is held until AWS has removed
 * it (spec §1.9). The emulator never does.
 * @param lingering how many deletions it stands in the way of after its task was told to stop
 */
export function taskInterfaces(lingering: number): {
  rules: Rule[]
  /** Whether an interface has a public address that the emulator knows nothing of. */
  isPublic: (interfaceId: string) => boolean
} {
  const attached = new Map<string, Attached>()

  const letGo = async (emulator: Emulator, region: string) => {
    const ec2 = ec2Of(emulator, region)
    for (const [task, { interfaceId, stopped }] of attached) {
      if (stopped === undefined || stopped.refusals-- > 0) continue
      attached.delete(task)
      const found = await interfaces(ec2, 'network-interface-id', interfaceId)
      if (found.length > 0)
        await ec2.send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId: interfaceId }))
    }
  }

  return {
    isPublic: (interfaceId) =>
      [...attached.values()].some((one) => one.interfaceId === interfaceId && one.isPublic),
    rules: [
      {
        name: 'interface of a task lingers',
        service: 'ecs',
        actions: ['RunTask', 'StopTask'],
        after(request, body) {
          if (request.action === 'StopTask') {
            const one = attached.get(String(request.params.task))
            if (one !== undefined) one.stopped ??= { refusals: lingering }
            return body
          }
          const network = JSON.stringify(request.params.networkConfiguration ?? {})
          for (const { attachments, taskArn } of (JSON.parse(body) as RunTaskAnswer).tasks) {
            const details = attachments.flatMap((attachment) => attachment.details)
            const interfaceId = details.find(({ name }) => name === 'networkInterfaceId')?.value ?? ''
            attached.set(taskArn, { interfaceId, isPublic: network.includes('"ENABLED"') })
          }
          return body
        },
      },
      {
        name: 'interface of a stopped task goes',
        service: 'ec2',
        actions: ['DeleteSecurityGroup', 'DeleteSubnet', 'DetachInternetGateway'],
        async before(request, emulator) {
          await letGo(emulator, request.region)
          return undefined
        },
      },
    ],
  }
}
