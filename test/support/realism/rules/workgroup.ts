import { AthenaClient, ListNamedQueriesCommand, ListQueryExecutionsCommand } from '@aws-sdk/client-athena'
import { text } from '../request.js'
import { refuseIf, type Rule } from '../rule.js'

/** A workgroup with queries, or with a history of queries, goes only with all of that (spec §11.3). */
export function workgroupNotEmpty(): Rule {
  return {
    name: 'workgroup not empty',
    service: 'athena',
    actions: ['DeleteWorkGroup'],
    async before(request, emulator) {
      if (request.params.RecursiveDeleteOption === true) return undefined
      const WorkGroup = text(request, 'WorkGroup')
      const athena = emulator.client(AthenaClient, request.region)
      const { NamedQueryIds: named = [] } = await athena.send(new ListNamedQueriesCommand({ WorkGroup }))
      const { QueryExecutionIds: history = [] } = await athena.send(
        new ListQueryExecutionsCommand({ WorkGroup }),
      )
      return refuseIf(
        [...named, ...history],
        'InvalidRequestException',
        `WorkGroup ${WorkGroup} is not empty`,
      )
    },
  }
}
