import {
  CancelTaskExecutionCommand,
  CreateTaskCommand,
  DataSyncClient,
  DeleteTaskCommand,
  DescribeTaskCommand,
  paginateListTasks,
  TagResourceCommand,
  UpdateTaskCommand,
  type DescribeTaskCommandOutput,
  type TaskSchedule,
} from '@aws-sdk/client-datasync'
import { createOnce, once } from '../../aws/create-once.js'
import type { AwsContext } from '../../aws/context.js'
import { retryPropagation } from '../../aws/retry.js'
import { diffTags, upperTags, type Tags } from '../../aws/tags.js'
import { diffProperties, type Change } from '../../engine/change.js'
import type { Operation } from '../../engine/operation.js'
import type { Deletion, Observed, ResourceOptions } from '../../engine/resource.js'
import { waitFor } from '../../engine/wait.js'
import { DatapipeError } from '../../errors.js'
import { AwsResource } from '../resource.js'
import { isClientError, unlessGone } from './errors.js'
import { findTagged, type Listed } from './lookup.js'
import {
  desiredTask,
  observedTask,
  reportConfig,
  scheduleOffByService,
  taskRequest,
  type DataSyncTaskProperties,
} from './task-properties.js'

export interface DataSyncTaskAttributes {
  arn: string
}

interface ObservedTask extends Observed<DataSyncTaskAttributes> {
  properties: Record<string, unknown>
  status: string | undefined
  /** Also when it is switched off. */
  scheduleExpression: string | undefined
  /** Why DataSync itself switched it off. */
  scheduleOff: string | undefined
  execution: string | undefined
  tags: Tags
}

const WORKING = new Set(['AVAILABLE', 'QUEUED', 'RUNNING'])
const READY_MS = 600_000

/** What copies from the file server to the raw bucket (spec §12): when, which files, how checked, and where it reports. */
export class DataSyncTask extends AwsResource<DataSyncTaskAttributes, ObservedTask> {
  readonly type = 'AWS::DataSync::Task'
  readonly iamActions = [
    'datasync:CancelTaskExecution',
    'datasync:CreateTask',
    'datasync:DeleteTask',
    'datasync:DescribeTask',
    'datasync:ListTagsForResource',
    'datasync:ListTasks',
    'datasync:TagResource',
    'datasync:UpdateTask',
    'iam:PassRole',
  ]

  readonly #datasync: DataSyncClient

  constructor(
    aws: AwsContext,
    id: string,
    name: string,
    private readonly properties: DataSyncTaskProperties,
    options: ResourceOptions = {},
  ) {
    super(aws, id, name, options)
    this.#datasync = aws.clients.of(DataSyncClient)
  }

  async read(): Promise<ObservedTask | undefined> {
    const listed: Listed[] = []
    for await (const page of paginateListTasks({ client: this.#datasync }, {})) {
      for (const { Name: label = '', TaskArn: arn } of page.Tasks ?? [])
        if (arn !== undefined) listed.push({ arn, label })
    }
    const wanted = { id: this.id, noun: 'DataSync task', label: this.name, tags: this.tags }
    const hit = await findTagged(this.aws, this.#datasync, listed, wanted)
    const task = hit === undefined ? undefined : await this.#describe(hit.arn)
    if (hit === undefined || task === undefined) return undefined
    return {
      physicalId: hit.arn,
      attributes: { arn: hit.arn },
      owned: true,
      properties: observedTask(task),
      status: task.Status,
      scheduleExpression: task.Schedule?.ScheduleExpression,
      scheduleOff: scheduleOffByService(task),
      execution: task.CurrentTaskExecutionArn,
      tags: hit.tags,
    }
  }

  diff(observed: ObservedTask): Change[] {
    const works = observed.status !== undefined && WORKING.has(observed.status)
    return [
      ...(works ? [] : diffProperties({ status: observed.status }, { status: 'AVAILABLE' })),
      ...diffProperties(
        this.#seen(observed),
        desiredTask(this.name, this.properties, this.aws.emulated),
        // DataSync cannot change what a task connects (spec §12).
        { replaces: ['sourceArn', 'destinationArn', 'mode'] },
      ),
      ...diffTags(observed.tags, this.tags),
    ]
  }

  /** @throws DatapipeError DATASYNC_TASK_UNAVAILABLE, WAIT_TIMEOUT */
  async create(op: Operation): Promise<DataSyncTaskAttributes> {
    const { destinationArn, report, schedule, sourceArn } = this.properties
    const input = {
      ...taskRequest(this.name, this.properties),
      SourceLocationArn: sourceArn(),
      DestinationLocationArn: destinationArn(),
      TaskMode: 'BASIC',
      ...(schedule === undefined ? {} : { Schedule: enabled(schedule) }),
      ...(report === undefined ? {} : { TaskReportConfig: reportConfig(report) }),
      Tags: upperTags(this.tags),
    } as const
    const { TaskArn: arn } = await createOnce<{ TaskArn?: string }>(
      () => retryPropagation(() => this.#datasync.send(once(new CreateTaskCommand(input))), op),
      async () => {
        const made = await this.read()
        return made === undefined ? undefined : { TaskArn: made.physicalId }
      },
      op,
    )
    if (arn === undefined) throw new Error('DataSync answered without TaskArn')
    await this.#untilReady(arn, op)
    return { arn }
  }

  /** @throws DatapipeError DATASYNC_TASK_UNAVAILABLE, WAIT_TIMEOUT */
  async update(
    observed: ObservedTask,
    changes: readonly Change[],
    op: Operation,
  ): Promise<DataSyncTaskAttributes> {
    const arn = observed.physicalId
    const changed = (path: string) => changes.some((change) => change.path.startsWith(path))
    if (changes.some(({ path }) => !path.startsWith('tags.') && path !== 'status')) {
      const schedule = this.#newSchedule(observed)
      const request = {
        TaskArn: arn,
        ...taskRequest(this.name, this.properties),
        ...(schedule === undefined ? {} : { Schedule: schedule }),
        TaskReportConfig: reportConfig(this.properties.report),
      }
      await retryPropagation(() => this.#datasync.send(new UpdateTaskCommand(request)), op)
    }
    if (changed('tags')) {
      await this.#datasync.send(new TagResourceCommand({ ResourceArn: arn, Tags: upperTags(this.tags) }))
    }
    await this.#untilReady(arn, op)
    return observed.attributes
  }

  /** What is being copied is stopped first: a task that runs cannot be deleted. Files that arrived stay. */
  async delete(observed: ObservedTask, op: Operation): Promise<Deletion> {
    const arn = observed.physicalId
    if (observed.status === 'RUNNING' || observed.status === 'QUEUED') await this.#stop(observed, op)
    const gone = await unlessGone(this.#datasync.send(new DeleteTaskCommand({ TaskArn: arn })))
    return { status: gone === undefined ? 'absent' : 'deleted' }
  }

  /** One that shall run and that DataSync switched off is a change for people to see, with its reason. */
  #seen({ properties, scheduleOff }: ObservedTask): Record<string, unknown> {
    if (scheduleOff === undefined || this.properties.schedule === undefined) return properties
    return { ...properties, schedule: scheduleOff }
  }

  /** DataSync knows no way to take a schedule away; one that is switched off counts as none. */
  #newSchedule(observed: ObservedTask): TaskSchedule | undefined {
    const { schedule } = this.properties
    if (schedule !== undefined) return enabled(schedule)
    const { scheduleExpression: old } = observed
    return old === undefined || old === '' ? undefined : { ScheduleExpression: old, Status: 'DISABLED' }
  }

  async #untilReady(arn: string, op: Operation): Promise<void> {
    const task = await waitFor(
      {
        what: `DataSync task ${arn} to become available`,
        poll: () => this.#describe(arn),
        check: (seen) => (seen === undefined || seen.Status === 'CREATING' ? 'pending' : 'done'),
        timeoutMs: READY_MS,
      },
      op,
    )
    if (task?.Status === 'UNAVAILABLE') throw unavailable(task)
  }

  async #stop({ execution, physicalId: arn }: ObservedTask, op: Operation): Promise<void> {
    if (execution !== undefined) {
      try {
        await this.#datasync.send(new CancelTaskExecutionCommand({ TaskExecutionArn: execution }))
      } catch (error) {
        // It ended by itself meanwhile; whether it did shows below.
        if (!isClientError(error)) throw error
      }
    }
    await waitFor(
      {
        what: `DataSync task ${arn} to stop`,
        poll: () => this.#describe(arn),
        check: (seen) => (seen?.Status === 'RUNNING' || seen?.Status === 'QUEUED' ? 'pending' : 'done'),
        timeoutMs: READY_MS,
      },
      op,
    )
  }

  #describe(TaskArn: string): Promise<DescribeTaskCommandOutput | undefined> {
    return unlessGone(this.#datasync.send(new DescribeTaskCommand({ TaskArn })))
  }
}

function enabled(expression: string): TaskSchedule {
  return { ScheduleExpression: expression, Status: 'ENABLED' }
}

function unavailable({ ErrorCode, ErrorDetail, TaskArn }: DescribeTaskCommandOutput): DatapipeError {
  const reason = [ErrorCode, ErrorDetail].filter((text) => text !== undefined).join(': ')
  return new DatapipeError(
    'DATASYNC_TASK_UNAVAILABLE',
    `DataSync cannot use the task ${TaskArn ?? ''}${reason === '' ? '.' : `: ${reason}`}`,
    {
      suggestions: [
        'Check that the agent is online and reaches the file server: datapipe datasync status',
        'Check host, path and credentials under `datasync.location`, then run the same command again.',
      ],
    },
  )
}
