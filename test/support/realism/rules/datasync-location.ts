import { DataSyncClient, DescribeTaskCommand, ListTasksCommand } from '@aws-sdk/client-datasync'
import { text } from '../request.js'
import { refuseIf, type Rule } from '../rule.js'

/** A location goes when no task copies from or to it (spec §12). */
export function locationInUse(): Rule {
  return {
    name: 'location in use',
    service: 'datasync',
    actions: ['DeleteLocation'],
    async before(request, emulator) {
      const arn = text(request, 'LocationArn')
      const datasync = emulator.client(DataSyncClient, request.region)
      const { Tasks: tasks = [] } = await datasync.send(new ListTasksCommand({}))
      const described = await Promise.all(
        tasks.map(({ TaskArn }) => datasync.send(new DescribeTaskCommand({ TaskArn }))),
      )
      return refuseIf(
        described.filter((task) => [task.SourceLocationArn, task.DestinationLocationArn].includes(arn)),
        'InvalidRequestException',
        `Location ${arn} is in use by a task`,
      )
    },
  }
}
