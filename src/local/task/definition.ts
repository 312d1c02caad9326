import { DescribeTaskDefinitionCommand, ECSClient, type ContainerDefinition } from '@aws-sdk/client-ecs'
import type { AwsContext } from '../../aws/context.js'
import { StatesError } from '../asl/errors.js'
import { isObject, type Json, type JsonObject } from '../asl/json.js'
import { serviceError } from '../service-error.js'

/** One Fargate task, as a RunTask call of Step Functions asks for it. */
export interface TaskRequest {
  clusterArn: string
  taskDefinitionArn: string
  container: ContainerDefinition
  /** Of the task definition, overridden by the call. */
  environment: Record<string, string>
  /** As strings, as ECS has them: CPU units and MiB. */
  cpu: string
  memory: string
}

/**
 * Puts the call together with the deployed task definition, as ECS does: the override of a variable wins.
 * @throws StatesError ECS.ClientException, ECS.InvalidParameterException
 */
export async function taskRequest(
  aws: AwsContext,
  parameters: Json,
  signal: AbortSignal,
): Promise<TaskRequest> {
  const call = isObject(parameters) ? parameters : {}
  const definition = await describe(aws, text(call.TaskDefinition), signal)
  const overrides = isObject(call.Overrides) ? call.Overrides : {}
  const [container, ...others] = definition.containerDefinitions ?? []
  if (container === undefined || others.length > 0) {
    throw invalid('Exactly one container in the task definition can be run on this machine.')
  }
  const own = containerOverride(overrides, container)
  return {
    clusterArn: text(call.Cluster),
    taskDefinitionArn: definition.taskDefinitionArn ?? '',
    container,
    environment: {
      ...Object.fromEntries((container.environment ?? []).map(({ name = '', value = '' }) => [name, value])),
      ...Object.fromEntries(variables(own)),
    },
    cpu: text(overrides.Cpu) || (definition.cpu ?? ''),
    memory: text(overrides.Memory) || (definition.memory ?? ''),
  }
}

async function describe(aws: AwsContext, taskDefinition: string, signal: AbortSignal) {
  try {
    const { taskDefinition: found } = await aws.clients
      .of(ECSClient)
      .send(new DescribeTaskDefinitionCommand({ taskDefinition }), { abortSignal: signal })
    return found ?? {}
  } catch (error) {
    throw serviceError('ECS', error)
  }
}

function containerOverride(overrides: JsonObject, container: ContainerDefinition): JsonObject {
  const list = Array.isArray(overrides.ContainerOverrides)
    ? overrides.ContainerOverrides.filter(isObject)
    : []
  const foreign = list.find((override) => override.Name !== container.name)
  if (foreign !== undefined) {
    throw invalid(
      `Override for container named ${text(foreign.Name)} is not a container in the TaskDefinition.`,
    )
  }
  return list[0] ?? {}
}

function variables(override: JsonObject): [string, string][] {
  if (!Array.isArray(override.Environment)) return []
  return override.Environment.filter(isObject).map(({ Name: name, Value: value }) => {
    if (typeof name !== 'string' || typeof value !== 'string') {
      throw invalid('Name and Value of an environment variable must be strings.')
    }
    return [name, value]
  })
}

function text(value: Json | undefined): string {
  return typeof value === 'string' ? value : ''
}

function invalid(cause: string): StatesError {
  return new StatesError('ECS.InvalidParameterException', cause)
}
