import { paginateListExecutions, StopExecutionCommand, type SFNClient } from '@aws-sdk/client-sfn'
import { isAwsError, unlessMissing } from '../../aws/retry.js'

/** Stops every running execution of a state machine; what ended or disappeared by itself is fine. */
export async function stopExecutions(sfn: SFNClient, stateMachineArn: string): Promise<void> {
  const running: string[] = []
  try {
    for await (const page of paginateListExecutions(
      { client: sfn },
      { stateMachineArn, statusFilter: 'RUNNING' },
    )) {
      for (const execution of page.executions ?? []) {
        if (execution.executionArn !== undefined) running.push(execution.executionArn)
      }
    }
  } catch (error) {
    if (!isAwsError(error, 'StateMachineDoesNotExist', 'StateMachineDeleting')) throw error
  }
  for (const executionArn of running) {
    await unlessMissing(
      sfn.send(
        new StopExecutionCommand({
          executionArn,
          error: 'Datapipe.Down',
          cause: 'datapipe removes this environment',
        }),
      ),
      'ExecutionDoesNotExist',
    )
  }
}
