import { BACK_OFF } from './retry.js'

/**
 * The dispatcher: takes an S3 "Object Created" event as EventBridge delivers it and starts a worker whose name derives from
 * the object version. Execution names are unique, so an event delivered twice starts nothing twice (spec §9.3). The input
 * names this execution, so it always differs and a repeat is always `ExecutionAlreadyExists`, also while the first runs.
 */
export function dispatchDefinition(workerArn: string): object {
  return {
    Comment: 'datapipe dispatcher: S3 event -> named worker execution',
    StartAt: 'HasSize',
    TimeoutSeconds: 120,
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
          {
            ErrorEquals: ['States.ALL'],
            IntervalSeconds: 2,
            MaxAttempts: 6,
            MaxDelaySeconds: 30,
            ...BACK_OFF,
          },
        ],
        Catch: [{ ErrorEquals: ['StepFunctions.ExecutionAlreadyExistsException'], Next: 'Duplicate' }],
        Next: 'Started',
      },
      Started: { Type: 'Succeed' },
      Duplicate: { Type: 'Succeed' },
    },
  }
}
