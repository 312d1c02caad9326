import { existsSync } from 'node:fs'
import { devNull, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { AwsContext } from '../../aws/context.js'
import { StatesError } from '../asl/errors.js'
import type { TaskHandler } from '../asl/interpreter.js'
import { isObject, type JsonObject } from '../asl/json.js'
import { localDirectory } from '../cache.js'
import { taskRequest, type TaskRequest } from './definition.js'
import { TaskLog } from './log.js'
import { runProcess } from './process.js'
import { newTask, taskReport } from './report.js'

export interface RunTaskOptions {
  /** What runs instead of the container image; default: the bundled transform under this Node. */
  command?: readonly string[]
  /** How many tasks share this machine's memory. */
  concurrency: number
}

/** ECS gives a container up to 120 s after SIGTERM; on this machine someone waits for the prompt. */
const STOP_TIMEOUT_MS = 10_000

/**
 * `arn:aws:states:::ecs:runTask.sync` on this machine: the container's process runs with the environment that the deployed
 * task definition and the overrides give it, and nothing else of ours but the way to the emulator.
 */
export function runTask(aws: AwsContext, options: RunTaskOptions): TaskHandler {
  return async ({ context, parameters, signal }) => {
    const request = await taskRequest(aws, parameters, signal)
    const task = newTask(aws, request)
    const log = new TaskLog(aws, taskLogFile(aws, executionName(context)), request.container, task.id)
    let reason: string | undefined
    const end = await runProcess({
      command: options.command ?? transformCommand(),
      environment: { ...machineEnvironment(aws), ...containerEnvironment(request, options.concurrency) },
      signal,
      stopTimeoutMs: STOP_TIMEOUT_MS,
      onLine: (line) => {
        log.add(line)
        reason = failureIn(line) ?? reason
      },
    })
    await log.close()
    const report = taskReport(aws, request, task, end.exitCode === 0 ? end : { reason, ...end })
    if (end.exitCode !== 0) throw new StatesError('States.TaskFailed', JSON.stringify(report))
    return report
  }
}

/** What the transform says last when it cannot go on. ECS does not read logs; but here nobody would look for them. */
function failureIn(line: string): string | undefined {
  if (!line.includes('"event":"failed"')) return undefined
  try {
    const { message } = JSON.parse(line) as { message?: unknown }
    return typeof message === 'string' ? message : undefined
  } catch {
    // Not of the transform.
    return undefined
  }
}

/** Where the output of an execution's tasks is kept on this machine. */
export function taskLogFile(aws: AwsContext, execution: string): string {
  return join(localDirectory(), 'logs', aws.names.stem, `${execution}.log`)
}

/** As the image has it. Under a TypeScript loader (tests) the source is run with the same loader. */
function transformCommand(): string[] {
  const built = fileURLToPath(new URL('../../transform/container.js', import.meta.url))
  const source = built.replace(/\.js$/, '.ts')
  return existsSync(built) || !existsSync(source)
    ? [process.execPath, built]
    : [process.execPath, ...process.execArgv, source]
}

function machineEnvironment(aws: AwsContext): Record<string, string> {
  const { HOME, PATH } = process.env
  return {
    ...(PATH === undefined ? {} : { PATH }),
    ...(HOME === undefined ? {} : { HOME }),
    TMPDIR: tmpdir(),
    AWS_REGION: aws.region,
    ...(aws.clients.endpoint === undefined ? {} : { AWS_ENDPOINT_URL: aws.clients.endpoint }),
    AWS_ACCESS_KEY_ID: 'datapipe',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  }
}

/** DP_MEMORY_MB is what the task may use: its size on Fargate, but never more than its share of this machine. */
function containerEnvironment(request: TaskRequest, concurrency: number): Record<string, string> {
  const share = Math.floor((totalmem() * 0.6) / concurrency / 1024 ** 2)
  const size = Number(request.environment.DP_MEMORY_MB ?? request.memory)
  return {
    ...request.environment,
    DP_MEMORY_MB: String(Number.isInteger(size) && size > 0 ? Math.min(size, share) : share),
  }
}

function executionName(context: JsonObject): string {
  const { Execution: execution } = context
  return isObject(execution) && typeof execution.Name === 'string' ? execution.Name : 'unknown'
}
