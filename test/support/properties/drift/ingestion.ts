import {
  DataSyncClient,
  DescribeTaskCommand,
  UpdateTaskCommand,
  type UpdateTaskCommandInput,
} from '@aws-sdk/client-datasync'
import { drift, type Drift } from '../drift.js'

const task = (paths: string | string[], change: Partial<UpdateTaskCommandInput>): Drift =>
  drift('ingestion/task', paths, async (world) => {
    const datasync = world.client(DataSyncClient)
    const TaskArn = world.id('ingestion/task')
    const { CloudWatchLogGroupArn, Excludes, Name, Options } = await datasync.send(
      new DescribeTaskCommand({ TaskArn }),
    )
    // The emulator forgets what it is not told again.
    const kept = { CloudWatchLogGroupArn, Excludes, Name, Options }
    const options = { ...Options, ...change.Options }
    return datasync.send(new UpdateTaskCommand({ TaskArn, ...kept, ...change, Options: options }))
  })

/** The DataSync task, as far as an emulator keeps it. */
export const ingestionDrift: Drift[] = [
  task(
    [
      'options.VerifyMode',
      'options.OverwriteMode',
      'options.Atime',
      'options.Mtime',
      'options.Uid',
      'options.Gid',
    ],
    {
      Options: {
        VerifyMode: 'NONE',
        OverwriteMode: 'NEVER',
        Atime: 'NONE',
        Mtime: 'NONE',
        Uid: 'INT_VALUE',
        Gid: 'INT_VALUE',
      },
    },
  ),
  task(
    [
      'options.PreserveDeletedFiles',
      'options.PosixPermissions',
      'options.BytesPerSecond',
      'options.TaskQueueing',
      'options.LogLevel',
      'options.TransferMode',
    ],
    {
      Options: {
        PreserveDeletedFiles: 'REMOVE',
        PosixPermissions: 'PRESERVE',
        BytesPerSecond: 1_048_576,
        TaskQueueing: 'DISABLED',
        LogLevel: 'OFF',
        TransferMode: 'ALL',
      },
    },
  ),
  task('exclude', { Excludes: [{ FilterType: 'SIMPLE_PATTERN', Value: '*.csv' }] }),
  task('logGroupArn', {
    CloudWatchLogGroupArn: 'arn:aws:logs:eu-north-1:123456789012:log-group:somebody',
  }),
]
