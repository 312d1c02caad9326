import { failedQueueState } from './failed-queue-state.js'
import { BACK_OFF, WAIT_FOR_EXECUTION } from './retry.js'

/** Only against an execution that hangs. */
const WEEK_SECONDS = 604_800

/**
 * The dispatcher: takes an S3 "Object Created" event as EventBridge delivers it and starts a worker whose name derives from
 * the object version. Execution names are unique, so an event delivered twice starts nothing twice (spec §9.3). The input
 * names this execution, so it always differs and a repeat is always `ExecutionAlreadyExists`, also while the first runs.
 *
 * To EventBridge the event is delivered as soon as this runs: from here on nobody else repeats it. So it waits for about a day
 * while Step Functions takes no more executions, and what it gives up goes to the failed-files queue.
 */
export function dispatchDefinition(workerArn: string, failedQueueUrl: string): object {
  return {
    Comment: 'datapipe dispatcher: S3 event -> named worker execution',
    StartAt: 'HasSize',
    TimeoutSeconds: WEEK_SECONDS,
    States: {
      HasSize: {
        Type: 'Choice',
        Choices: [{ Variable: '$.detail.object.size', IsPresent: true, Next: 'Normalize' }],
        Default: 'SizeUnknown',
      },
      SizeUnknown: { Type: 'Pass', Result: -1, ResultPath: '$.detail.object.size', Next: 'Normalize' },
      Normalize: {
        Type: 'Pass',
        Parameters: {
          'bucket.$': '$.detail.bucket.name',
          'key.$': '$.detail.object.key',
          'size.$': '$.detail.object.size',
          'versionId.$': "$.detail.object['version-id']",
          source: 's3-event',
        },
        Next: 'Name',
      },
      Name: {
        Type: 'Pass',
        Parameters: {
          // Must stay the same as executionName() of src/operate/run: both name one object version.
          'name.$':
            "States.Format('o-{}', States.Hash(States.Format('{}/{}/{}', $.bucket, $.key, $.versionId), 'SHA-256'))",
        },
        ResultPath: '$.exec',
        Next: 'Start',
      },
      Start: {
        Type: 'Task',
        Resource: 'arn:aws:states:::states:startExecution',
        Parameters: {
          StateMachineArn: workerArn,
          'Name.$': '$.exec.name',
          Input: {
            'bucket.$': '$.bucket',
            'key.$': '$.key',
            'size.$': '$.size',
            'versionId.$': '$.versionId',
            'source.$': '$.source',
            'AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID.$': '$$.Execution.Id',
          },
        },
        Retry: [
          { ErrorEquals: ['StepFunctions.ExecutionAlreadyExistsException'], MaxAttempts: 0 },
          WAIT_FOR_EXECUTION,
          // Under these names come throttling and much else. A few hours, then somebody should look.
          {
            ErrorEquals: ['StepFunctions.AWSStepFunctionsException', 'StepFunctions.SdkClientException'],
            IntervalSeconds: 5,
            MaxAttempts: 60,
            MaxDelaySeconds: 300,
            ...BACK_OFF,
          },
          {
            ErrorEquals: ['States.ALL'],
            IntervalSeconds: 2,
            MaxAttempts: 6,
            MaxDelaySeconds: 30,
            ...BACK_OFF,
          },
        ],
        Catch: [
          { ErrorEquals: ['StepFunctions.ExecutionAlreadyExistsException'], Next: 'Duplicate' },
          { ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: 'ToFailedQueue' },
        ],
        Next: 'Started',
      },
      Started: { Type: 'Succeed' },
      Duplicate: { Type: 'Succeed' },
      ToFailedQueue: failedQueueState(failedQueueUrl, 'Failed'),
      Failed: { Type: 'Fail', ErrorPath: '$.error.Error', CausePath: '$.error.Cause' },
    },
  }
}
