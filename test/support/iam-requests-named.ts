import type { Names } from '../../src/aws/names.js'
import { keyUse, passing, tagging, tagsOf, type Key } from './iam-requests-implied.js'
import { requestTags } from './iam-requests.js'
import type { IamRequest } from './iam-simulator.js'

export type Input = Record<string, unknown>

type Locate = (input: Input, names: Names, operation: string) => string | string[]

const text = (value: unknown) => value as string
const queueName = (input: Input) => text(input.QueueName ?? text(input.QueueUrl).split('/').at(-1))
const executionOf = (input: Input) => text(input.executionArn)

/** The ARNs that a call of a service is authorised on, from what it names. */
const LOCATE: Readonly<Record<string, Locate>> = {
  athena: (input, names, operation) =>
    text(
      input.ResourceARN ??
        names.arn(
          'athena',
          `workgroup/${text(input.WorkGroup ?? (operation.endsWith('WorkGroup') ? input.Name : names.workgroup))}`,
        ),
    ),
  cloudwatch: (input, names) => {
    const alarms = (input.AlarmNames ?? (input.AlarmName === undefined ? [] : [input.AlarmName])) as string[]
    const boards = (input.DashboardNames ??
      (input.DashboardName === undefined ? [] : [input.DashboardName])) as string[]
    const found = [
      ...alarms.map((name) => names.arn('cloudwatch', `alarm:${name}`)),
      ...boards.map((name) => `arn:${names.partition}:cloudwatch::${names.place.account}:dashboard/${name}`),
    ]
    return input.ResourceARN === undefined ? found : text(input.ResourceARN)
  },
  scheduler: (input, names, operation) =>
    text(
      (operation === 'ListScheduleGroups' ? '*' : input.ResourceArn) ??
        names.arn(
          'scheduler',
          input.GroupName === undefined
            ? `schedule-group/${text(input.Name)}`
            : `schedule/${text(input.GroupName)}/${text(input.Name)}`,
        ),
    ),
  codebuild: (input, names) => {
    // Ids of builds begin with their project.
    const build = (input.id ?? (input.ids as string[] | undefined)?.[0]) as string | undefined
    const project = build?.split(':')[0] ?? input.name ?? input.projectName ?? (input.names as string[])[0]
    return names.arn('codebuild', `project/${text(project)}`)
  },
  budgets: (input, names) =>
    input.ResourceARN !== undefined
      ? text(input.ResourceARN)
      : `arn:${names.partition}:budgets::${names.place.account}:budget/${text(
          input.BudgetName ??
            ((input.Budget ?? input.NewBudget) as { BudgetName?: string } | undefined)?.BudgetName,
        )}`,
  ecr: (input, names) =>
    text(
      input.resourceArn ??
        names.arn(
          'ecr',
          `repository/${text(input.repositoryName ?? (input.repositoryNames as string[])[0])}`,
        ),
    ),
  ecs: (input, names, operation) => {
    if (operation === 'RegisterTaskDefinition')
      return names.arn('ecs', `task-definition/${text(input.family)}:1`)
    if (operation === 'DeleteTaskDefinitions') return input.taskDefinitions as string[]
    if (operation.includes('TaskDefinition')) return '*'
    if (operation === 'ListTasks') return names.arn('ecs', `container-instance/${text(input.cluster)}/any`)
    if (input.tasks !== undefined) return input.tasks as string[]
    return text(
      input.resourceArn ??
        names.arn(
          'ecs',
          `cluster/${text(input.clusterName ?? input.cluster ?? (input.clusters as string[])[0])}`,
        ),
    )
  },
  events: (input, names) =>
    text(input.ResourceARN ?? names.arn('events', `rule/${text(input.Name ?? input.Rule)}`)),
  glue: glueArns,
  iam: (input, names, operation) => {
    const arn = (resource: string) => `arn:${names.partition}:iam::${names.place.account}:${resource}`
    if (operation === 'ListRoles') return '*'
    if (operation === 'CreateServiceLinkedRole')
      return arn(`role/aws-service-role/${text(input.AWSServiceName)}/AWSServiceRoleForECS`)
    if (operation === 'RemoveRoleFromInstanceProfile')
      return arn(`instance-profile/${text(input.InstanceProfileName)}`)
    return arn(`role/${text(input.RoleName)}`)
  },
  logs: (input, names, operation) =>
    /^Describe|ResourcePolicy$/.test(operation)
      ? '*'
      : input.logStreamName !== undefined
        ? names.arn('logs', `log-group:${text(input.logGroupName)}:log-stream:${text(input.logStreamName)}`)
        : text(input.resourceArn ?? names.arn('logs', `log-group:${text(input.logGroupName)}`)),
  sns: (input, names) =>
    text(input.TopicArn ?? input.ResourceArn ?? topicOf(input) ?? names.arn('sns', text(input.Name))),
  sqs: (input, names) => names.arn('sqs', queueName(input)),
  states: (input, names, operation) => {
    if (operation === 'StartExecution') return text(input.stateMachineArn)
    if (/Execution(History)?$|^ListMapRuns$/.test(operation)) return executionOf(input)
    if (operation === 'DescribeMapRun') return text(input.mapRunArn)
    return text(
      input.stateMachineArn ?? input.resourceArn ?? names.arn('states', `stateMachine:${text(input.name)}`),
    )
  },
  tag: () => '*',
  sts: () => '*',
  servicequotas: () => '*',
}

/** A subscription is authorised on its topic. */
function topicOf({ SubscriptionArn: arn }: Input): string | undefined {
  return arn === undefined ? undefined : text(arn).split(':').slice(0, 6).join(':')
}

function glueArns(input: Input, names: Names, operation: string): string | string[] {
  if (input.ResourceArn !== undefined) return text(input.ResourceArn)
  // IAM knows no resource for them.
  if (/SecurityConfiguration$|CrawlerSchedule$|^CreateCrawler$/.test(operation)) return '*'
  const kind = operation.includes('Crawl') ? 'crawler' : operation.includes('Job') ? 'job' : undefined
  if (kind !== undefined)
    return names.arn('glue', `${kind}/${text(input.Name ?? input.CrawlerName ?? input.JobName)}`)
  const database = text(
    input.DatabaseName ?? input.Name ?? (input.DatabaseInput as { Name: string } | undefined)?.Name,
  )
  const parts = ['catalog', `database/${database}`]
  if (/Table|Partition/.test(operation)) parts.push(`table/${database}/${tableOf(input)}`)
  if (operation === 'DeleteDatabase') parts.push(`table/${database}/t`, `userDefinedFunction/${database}/f`)
  return parts.map((part) => names.arn('glue', part))
}

function tableOf(input: Input): string {
  const { Name: created } = (input.TableInput ?? {}) as { Name?: string }
  return text(
    input.TableName ?? created ?? (input.DatabaseName === undefined ? undefined : input.Name) ?? 't',
  )
}

/** The requests of a call of a service whose resources have names. */
export function named(action: string, input: Input, names: Names, key: Key): IamRequest[] {
  const [service = '', operation = ''] = action.split(':')
  const locate = LOCATE[service]
  if (locate === undefined) throw new Error(`What does ${action} work on?`)
  const resources = [locate(input, names, operation)].flat()
  const context = contextOf(service, operation, input, names)
  const main = resources.map((resource) => ({ action, resource, context }))
  return [
    ...main,
    // A crawler that is being created has an ARN for its tags only.
    ...tagging(
      service,
      operation,
      input,
      operation === 'CreateCrawler' ? [names.arn('glue', `crawler/${text(input.Name)}`)] : resources,
    ),
    ...passing(service, input),
    ...keyUse(service, operation, input, key),
  ]
}

function contextOf(
  service: string,
  operation: string,
  input: Input,
  names: Names,
): Record<string, string | string[]> {
  const tags = tagsOf(input)
  return {
    ...(tags === undefined ? {} : requestTags(tags)),
    ...(operation === 'CreateServiceLinkedRole' ? { 'iam:AWSServiceName': text(input.AWSServiceName) } : {}),
    ...(service === 'ecs' && input.cluster !== undefined
      ? { 'ecs:cluster': names.arn('ecs', `cluster/${text(input.cluster)}`) }
      : {}),
    ...(input.PermissionsBoundary === undefined
      ? {}
      : { 'iam:PermissionsBoundary': text(input.PermissionsBoundary) }),
  }
}
