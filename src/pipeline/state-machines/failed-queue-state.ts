import { RETRY_MESSAGE } from './retry.js'

/**
 * Leaves a file in the failed-files queue, from where `datapipe dlq redrive` takes it. Reads `$.bucket`, `$.key`, `$.versionId`
 * and `$.error`. A queue that cannot be reached is no reason to stop.
 */
export function failedQueueState(failedQueueUrl: string, next: string): object {
  return {
    Type: 'Task',
    Resource: 'arn:aws:states:::sqs:sendMessage',
    Parameters: {
      QueueUrl: failedQueueUrl,
      MessageBody: {
        schema: 1,
        'bucket.$': '$.bucket',
        'key.$': '$.key',
        'versionId.$': '$.versionId',
        'execution.$': '$$.Execution.Id',
        'error.$': '$.error.Error',
        'cause.$': '$.error.Cause',
      },
    },
    ResultPath: null,
    Retry: RETRY_MESSAGE,
    Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: null, Next: next }],
    Next: next,
  }
}
