import type { AwsRequest } from '../realism/request.js'
import type { Refusal } from '../realism/rule.js'

const ABORTED: Refusal = {
  code: 'OperationAborted',
  message:
    'A conflicting conditional operation is currently in progress against this resource. Please try again.',
  status: 409,
}

const MESSAGE = 'Another operation is changing this. Try again.'
const refusal = (code: string, status = 400): Refusal => ({ code, message: MESSAGE, status })

/** The calls that their API references say may meet another change under way, and in whose words. */
const CONFLICTS: Readonly<Record<string, readonly [Refusal, ...string[]] | undefined>> = {
  iam: [refusal('ConcurrentModification', 409), 'CreateRole', 'DeleteRole', 'TagRole', 'UntagRole'],
  glue: [
    refusal('ConcurrentModificationException'),
    ...['CreateDatabase', 'CreateTable', 'CreateJob', 'DeleteDatabase', 'DeleteTable', 'UpdateDatabase'],
    ...['UpdateJob', 'UpdateTable'],
  ],
  events: [
    refusal('ConcurrentModificationException'),
    ...['DeleteRule', 'PutRule', 'PutTargets', 'RemoveTargets', 'TagResource', 'UntagResource'],
  ],
  sns: [refusal('ConcurrentAccess'), 'CreateTopic', 'DeleteTopic', 'TagResource', 'UntagResource'],
  logs: [
    refusal('OperationAbortedException'),
    ...['AssociateKmsKey', 'CreateLogGroup', 'DeleteLogGroup', 'DeleteRetentionPolicy'],
    ...['DisassociateKmsKey', 'PutRetentionPolicy'],
  ],
  states: [refusal('ConflictException'), 'CreateStateMachine', 'UpdateStateMachine'],
  scheduler: [
    refusal('ConflictException', 409),
    ...['CreateSchedule', 'CreateScheduleGroup', 'DeleteSchedule', 'DeleteScheduleGroup', 'UpdateSchedule'],
  ],
}

/** What the service says when two changes meet on one thing; undefined for a call to which that does not happen (spec §14). */
export function conflict({ action, method, params, service }: AwsRequest): Refusal | undefined {
  if (service === 's3') {
    const changesBucket = params.Key === '' && ['DELETE', 'PUT'].includes(method)
    return changesBucket ? ABORTED : undefined
  }
  const known = CONFLICTS[service]
  if (known === undefined) return undefined
  const [refused, ...actions] = known
  return actions.includes(action) ? refused : undefined
}
