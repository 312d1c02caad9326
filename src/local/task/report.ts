import { randomBytes } from 'node:crypto'
import type { AwsContext } from '../../aws/context.js'
import type { JsonObject } from '../asl/json.js'
import type { TaskRequest } from './definition.js'
import type { TaskEnd } from './process.js'

export interface TaskRun {
  id: string
  arn: string
  startedAt: number
}

export function newTask(aws: AwsContext, { clusterArn }: TaskRequest): TaskRun {
  const id = randomBytes(16).toString('hex')
  const cluster = clusterArn.split('/').at(-1) ?? aws.names.cluster
  return { id, arn: aws.names.arn('ecs', `task/${cluster}/${id}`), startedAt: Date.now() }
}

/** The ECS task as Step Functions reports it, in PascalCase: the result of `runTask.sync`, or the Cause of its failure. */
export function taskReport(aws: AwsContext, request: TaskRequest, run: TaskRun, end: TaskEnd): JsonObject {
  const { container, cpu, memory } = request
  const ran = end.exitCode !== undefined
  return {
    TaskArn: run.arn,
    ClusterArn: request.clusterArn,
    TaskDefinitionArn: request.taskDefinitionArn,
    LastStatus: 'STOPPED',
    DesiredStatus: 'STOPPED',
    LaunchType: 'FARGATE',
    StartedBy: 'AWS Step Functions',
    Cpu: cpu,
    Memory: memory,
    CreatedAt: run.startedAt,
    StartedAt: run.startedAt,
    StoppedAt: Date.now(),
    StopCode: ran ? 'EssentialContainerExited' : 'TaskFailedToStart',
    StoppedReason: ran ? 'Essential container in task exited' : end.reason,
    Containers: [
      {
        Name: container.name ?? '',
        Image: container.image ?? '',
        ContainerArn: aws.names.arn('ecs', `container/${run.arn.split('task/')[1] ?? ''}/1`),
        TaskArn: run.arn,
        LastStatus: 'STOPPED',
        ...(ran ? { ExitCode: end.exitCode } : {}),
        ...(end.reason === undefined ? {} : { Reason: end.reason }),
      },
    ],
  }
}
