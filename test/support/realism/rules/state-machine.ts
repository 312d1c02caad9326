import { DeleteStateMachineCommand, SFNClient } from '@aws-sdk/client-sfn'
import { Lifecycle, type Pace } from '../lifecycle.js'
import { text, type AwsRequest } from '../request.js'
import type { Rule } from '../rule.js'

/**
 * A state machine is `DELETING` until its executions have ended; until it is gone its name is taken (spec §9.2).
 */
export function stateMachines(pace: Pace): Rule {
  const lifecycle = new Lifecycle(pace)
  const nameOf = (request: AwsRequest) =>
    text(request, 'name') || (text(request, 'stateMachineArn').split(':').at(-1) ?? '')
  return {
    name: 'state machine takes its time',
    service: 'states',
    actions: ['CreateStateMachine', 'UpdateStateMachine', 'DescribeStateMachine', 'DeleteStateMachine'],
    async before(request, emulator) {
      const { action, region } = request
      await lifecycle.settle()
      const name = nameOf(request)
      const isGoing = lifecycle.stateOf(name) !== undefined
      if (action === 'DeleteStateMachine') {
        const stateMachineArn = text(request, 'stateMachineArn')
        const sfn = emulator.client(SFNClient, region)
        if (!isGoing)
          lifecycle.begin(name, 'DELETING', () =>
            sfn.send(new DeleteStateMachineCommand({ stateMachineArn })),
          )
        return { answer: '{}' }
      }
      if (!isGoing || action === 'DescribeStateMachine') return undefined
      return {
        refuse: { code: 'StateMachineDeleting', message: `State Machine is being deleted: '${name}'` },
      }
    },
    after(request, body) {
      const state = request.action === 'DescribeStateMachine' ? lifecycle.look(nameOf(request)) : undefined
      return state === undefined ? body : JSON.stringify({ ...(JSON.parse(body) as object), status: state })
    },
  }
}
