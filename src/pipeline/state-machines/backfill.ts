import { ENDINGS } from '../arrival-pattern.js'
import { retryCalls, WAIT_FOR_EXECUTION } from './retry.js'

export interface BackfillSettings {
  workerArn: string
  rawBucket: string
  artifactsBucket: string
  account: string
  /** Files at once; the others wait in the map. */
  maxConcurrency: number
}

/** The input of an execution. */
export interface BackfillInput {
  /** Keys to look at, for example `inbox/` or `inbox/temperature/2026`. */
  prefix: string
  /** Only what was uploaded then or later, in seconds since 1970. Left out: everything. */
  since?: number
  /** Also what was processed before. Left out: only what is pending. */
  again?: boolean
}

/** Part of the names of the children, which the role's policy is written for. */
export const MAP_LABEL = 'Objects'
/** Where the map leaves its results, in the artifacts bucket. */
export const MAP_RESULTS_PREFIX = 'mapruns'

/**
 * Every uploaded object that has not been processed: one child execution for each, so many at once, each starting a worker and
 * waiting for it (spec §9.3).
 *
 * What is pending is decided by names. A listing has no versions, so the child asks for the current one and gives the worker
 * the very name that the dispatcher gives it for that version: what an event, `run` or an earlier sweep has started is
 * `ExecutionAlreadyExists`, and skipped, whether it runs, succeeded or failed. What failed is the failed-files queue's. Step
 * Functions frees a name 90 days after its execution: then a worker starts once more, and its task ends at once because the
 * version is loaded. With `again` the names are those of this execution alone, and tasks with such names load what is loaded.
 *
 * Files above `maxConcurrency` wait in the map; it drops nothing. A file whose worker failed has been reported by the worker. A
 * child that failed itself is counted at the end and fails the execution; its file is still pending for the next one.
 */
export function backfillDefinition(settings: BackfillSettings): object {
  return {
    Comment: 'datapipe backfill: every object that was not processed -> one worker each',
    StartAt: 'HasSince',
    States: {
      ...optional(['HasSince', 'SinceEver'], '$.since', 0, 'HasAgain'),
      ...optional(['HasAgain', 'OnlyPending'], '$.again', false, 'Backfill'),
      Backfill: {
        Type: 'Map',
        Label: MAP_LABEL,
        ItemReader: {
          Resource: 'arn:aws:states:::s3:listObjectsV2',
          Parameters: { Bucket: settings.rawBucket, 'Prefix.$': '$.prefix' },
        },
        ItemSelector: {
          bucket: settings.rawBucket,
          'key.$': '$$.Map.Item.Value.Key',
          'size.$': '$$.Map.Item.Value.Size',
          'item.$': '$$.Map.Item.Value',
          'since.$': '$.since',
          'again.$': '$.again',
          // Of the backfill, not of the child.
          'run.$': '$$.Execution.Name',
        },
        MaxConcurrency: settings.maxConcurrency,
        // One failed file is no reason to stop the others.
        ToleratedFailurePercentage: 100,
        ItemProcessor: {
          ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
          ...childDefinition(settings),
        },
        ResultWriter: {
          Resource: 'arn:aws:states:::s3:putObject',
          Parameters: { Bucket: settings.artifactsBucket, Prefix: MAP_RESULTS_PREFIX },
        },
        Next: 'Count',
      },
      Count: {
        Type: 'Task',
        Resource: 'arn:aws:states:::aws-sdk:sfn:describeMapRun',
        Parameters: { 'MapRunArn.$': '$.MapRunArn' },
        ResultSelector: {
          'total.$': '$.ItemCounts.Total',
          'failed.$': '$.ItemCounts.Failed',
          'timedOut.$': '$.ItemCounts.TimedOut',
          'aborted.$': '$.ItemCounts.Aborted',
        },
        Retry: [retryCalls('States.ALL')],
        Next: 'AllDone?',
      },
      'AllDone?': {
        Type: 'Choice',
        Choices: [
          {
            Or: ['$.failed', '$.timedOut', '$.aborted'].map((Variable) => ({
              Variable,
              NumericGreaterThan: 0,
            })),
            Next: 'Incomplete',
          },
        ],
        Default: 'Done',
      },
      Incomplete: {
        Type: 'Fail',
        Error: 'datapipe.BackfillIncomplete',
        Cause: 'Some files could not be handed to the worker; they are pending still. See the map run.',
      },
      Done: { Type: 'Succeed' },
    },
  }
}

/** A field of the input that may be left out: a Choice, and a state that gives the default. */
function optional(
  [choice, otherwise]: [string, string],
  path: string,
  value: unknown,
  next: string,
): Record<string, object> {
  return {
    [choice]: {
      Type: 'Choice',
      Choices: [{ Variable: path, IsPresent: true, Next: next }],
      Default: otherwise,
    },
    [otherwise]: { Type: 'Pass', Result: value, ResultPath: path, Next: next },
  }
}

/** In seconds since 1970. A child never fails for want of it: then `since` excludes nothing. */
const LISTED = '$.item.LastModified'

/** What happens to one object. */
export function childDefinition({ account, workerArn }: BackfillSettings): {
  StartAt: string
  States: Record<string, object>
} {
  return {
    StartAt: 'IsFile?',
    States: {
      // The same endings as the rule has, or a sweep would process what an arrival does not.
      'IsFile?': {
        Type: 'Choice',
        Choices: [
          { Variable: '$.size', NumericEquals: 0, Next: 'Skipped' },
          {
            And: [
              { Variable: LISTED, IsPresent: true },
              { Variable: LISTED, NumericLessThanPath: '$.since' },
            ],
            Next: 'Skipped',
          },
          {
            Or: ENDINGS.map((ending) => ({ Variable: '$.key', StringMatches: `inbox/*.${ending}` })),
            Next: 'Version',
          },
        ],
        Default: 'Skipped',
      },
      Version: {
        Type: 'Task',
        Resource: 'arn:aws:states:::aws-sdk:s3:headObject',
        Parameters: { 'Bucket.$': '$.bucket', 'Key.$': '$.key', ExpectedBucketOwner: account },
        ResultSelector: { 'id.$': '$.VersionId', 'size.$': '$.ContentLength' },
        ResultPath: '$.version',
        Retry: [{ ErrorEquals: ['S3.NoSuchKeyException'], MaxAttempts: 0 }, retryCalls('States.ALL')],
        // Deleted since it was listed.
        Catch: [{ ErrorEquals: ['S3.NoSuchKeyException'], ResultPath: null, Next: 'Skipped' }],
        Next: 'Again?',
      },
      'Again?': {
        Type: 'Choice',
        Choices: [{ Variable: '$.again', BooleanEquals: true, Next: 'NameAgain' }],
        Default: 'Name',
      },
      NameAgain: {
        Type: 'Pass',
        Parameters: {
          // Must stay the same as repeatedName() of src/operate/run.
          'name.$':
            "States.Format('b-{}', States.Hash(States.Format('{}/{}/{}/{}', $.run, $.bucket, $.key, $.version.id), 'SHA-256'))",
        },
        ResultPath: '$.exec',
        Next: 'Run',
      },
      Name: {
        Type: 'Pass',
        Parameters: {
          // Must stay the same as in the dispatcher.
          'name.$':
            "States.Format('o-{}', States.Hash(States.Format('{}/{}/{}', $.bucket, $.key, $.version.id), 'SHA-256'))",
        },
        ResultPath: '$.exec',
        Next: 'Run',
      },
      Run: {
        Type: 'Task',
        Resource: 'arn:aws:states:::states:startExecution.sync:2',
        Parameters: {
          StateMachineArn: workerArn,
          'Name.$': '$.exec.name',
          Input: {
            'bucket.$': '$.bucket',
            'key.$': '$.key',
            'size.$': '$.version.size',
            'versionId.$': '$.version.id',
            source: 'backfill',
            'AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID.$': '$$.Execution.Id',
          },
        },
        ResultPath: null,
        Retry: [
          { ErrorEquals: ['StepFunctions.ExecutionAlreadyExistsException'], MaxAttempts: 0 },
          WAIT_FOR_EXECUTION,
          retryCalls('StepFunctions.AWSStepFunctionsException', 'StepFunctions.SdkClientException'),
        ],
        Catch: [
          {
            ErrorEquals: ['StepFunctions.ExecutionAlreadyExistsException'],
            ResultPath: null,
            Next: 'Skipped',
          },
          // As the name of a catcher States.TaskFailed means every error but a time-out.
          { ErrorEquals: ['States.TaskFailed'], ResultPath: '$.failure', Next: 'Started?' },
        ],
        End: true,
      },
      'Started?': {
        Type: 'Choice',
        Choices: [{ Variable: '$.failure.Error', StringEquals: 'States.TaskFailed', Next: 'Reported' }],
        Default: 'NotStarted',
      },
      NotStarted: { Type: 'Fail', ErrorPath: '$.failure.Error', CausePath: '$.failure.Cause' },
      Skipped: { Type: 'Succeed' },
      Reported: { Type: 'Succeed', Comment: 'The worker failed, and has said so itself.' },
    },
  }
}
