import { DeleteScheduleGroupCommand, SchedulerClient } from '@aws-sdk/client-scheduler'
import { Lifecycle, type Pace } from '../lifecycle.js'
import { text } from '../request.js'
import type { Rule } from '../rule.js'

/**
 * A schedule group is `DELETING` for a while; until it is gone its name is taken (spec §9.4).
 */
export function scheduleGroups(pace: Pace): Rule {
  const lifecycle = new Lifecycle(pace)
  const taken = (name: string, action: string) => ({
    refuse: {
      code: 'ConflictException',
      message: `Schedule group ${name} is being deleted: ${action} is not possible now.`,
      status: 409,
    },
  })
  return {
    name: 'schedule group takes its time',
    service: 'scheduler',
    actions: ['CreateScheduleGroup', 'GetScheduleGroup', 'DeleteScheduleGroup', 'CreateSchedule'],
    async before(request, emulator) {
      const { action, params, region } = request
      await lifecycle.settle()
      const name = action === 'CreateSchedule' ? text(request, 'GroupName') : text(request, 'Name')
      if (lifecycle.stateOf(name) !== undefined && action !== 'GetScheduleGroup') return taken(name, action)
      if (action !== 'DeleteScheduleGroup') return undefined
      const scheduler = emulator.client(SchedulerClient, region)
      lifecycle.begin(name, 'DELETING', () =>
        scheduler.send(new DeleteScheduleGroupCommand({ Name: String(params.Name) })),
      )
      return { answer: '{}' }
    },
    after(request, body) {
      const state = request.action === 'GetScheduleGroup' ? lifecycle.look(text(request, 'Name')) : undefined
      if (state === undefined) return body
      return JSON.stringify({ ...(JSON.parse(body) as object), State: state })
    },
  }
}
