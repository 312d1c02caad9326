import { AthenaClient } from '@aws-sdk/client-athena'
import { BudgetsClient } from '@aws-sdk/client-budgets'
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch'
import { CodeBuildClient } from '@aws-sdk/client-codebuild'
import { DataSyncClient } from '@aws-sdk/client-datasync'
import { GlueClient } from '@aws-sdk/client-glue'
import { S3Client } from '@aws-sdk/client-s3'
import { ServiceQuotasClient } from '@aws-sdk/client-service-quotas'
import type { AwsContext } from '../../src/aws/context.js'
import { answerCalls, serviceError } from './iam-answers.js'
import { FakeDataSync } from './iam-fake-datasync.js'
import { ACCOUNT, REGION } from './iam-recording.js'

type Fields = Record<string, unknown>

/** What moto lacks or misreads, answered as AWS would: so that an environment as on AWS can be deployed to it. */
export function installFakes(aws: AwsContext, push: (tag: string) => Promise<void>): FakeDataSync {
  const datasync = new FakeDataSync()
  answerCalls(aws.clients.of(DataSyncClient), datasync.answer)
  answerCalls(aws.clients.of(ServiceQuotasClient), quotas())
  answerCalls(aws.clients.of(CodeBuildClient), builds(push))
  answerCalls(aws.clients.of(S3Client), bucketSettings())
  answerCalls(aws.clients.of(AthenaClient), namedQueries())
  answerCalls(aws.clients.of(GlueClient), jobChanges())
  answerCalls(aws.clients.of(BudgetsClient), budgetDetails())
  answerCalls(aws.clients.of(CloudWatchClient), dashboardTags())
  return datasync
}

/** Both ways to read a quota are taken: the account has none of its own for Spot. */
function quotas() {
  return (operation: string, { QuotaCode }: Fields) => {
    if (operation === 'GetServiceQuota' && QuotaCode !== 'L-3032A538')
      throw serviceError('NoSuchResourceException', 'none')
    return { Quota: { Value: 1000 } }
  }
}

/** A builder that pushes what it is asked for, after it has been looked at once. */
function builds(push: (tag: string) => Promise<void>) {
  let project: Fields | undefined
  const looks = new Map<string, number>()
  const answers: Record<string, (input: Fields) => object | Promise<object>> = {
    BatchGetProjects: () => ({ projects: project === undefined ? [] : [project] }),
    CreateProject: (input) => {
      project = { ...input, arn: `arn:aws:codebuild:${REGION}:${ACCOUNT}:project/${input.name as string}` }
      return { project }
    },
    UpdateProject: (input) => ({ project: (project = { ...project, ...input }) }),
    DeleteProject: () => {
      project = undefined
      return {}
    },
    ListBuildsForProject: () => ({ ids: [...looks.keys()] }),
    StartBuild: ({ environmentVariablesOverride, projectName }) => {
      const [variable] = environmentVariablesOverride as { value: string }[]
      const id = `${projectName as string}:${variable?.value ?? ''}`
      looks.set(id, 0)
      return { build: { id } }
    },
    StopBuild: () => ({}),
    BatchGetBuilds: async ({ ids }) => ({
      builds: await Promise.all((ids as string[]).map((id) => look(id))),
    }),
  }
  const look = async (id: string) => {
    const seen = (looks.get(id) ?? 0) + 1
    looks.set(id, seen)
    const [name = '', tag = ''] = id.split(':')
    const { cloudWatchLogs } = project?.logsConfig as { cloudWatchLogs: { groupName: string } }
    const logs = { groupName: cloudWatchLogs.groupName, streamName: `${name}/1` }
    if (seen < 2) return { id, logs, buildStatus: 'IN_PROGRESS' }
    if (seen === 2) await push(tag)
    return { id, logs, buildStatus: 'SUCCEEDED' }
  }
  return (operation: string, input: Fields) => answers[operation]?.(input)
}

/** moto misreads Deny statements, and forgets that a bucket reports to EventBridge. */
function bucketSettings() {
  const policies = new Map<unknown, unknown>()
  const reporting = new Set<unknown>()
  const logging = new Map<unknown, object>()
  return (operation: string, { Bucket, BucketLoggingStatus, Policy }: Fields) => {
    // It looks at the policy of the bucket that the logs go to.
    if (operation === 'PutBucketLogging') {
      logging.set(Bucket, BucketLoggingStatus as object)
      return {}
    }
    if (operation === 'GetBucketLogging') return logging.get(Bucket)
    if (operation === 'PutBucketPolicy') {
      policies.set(Bucket, Policy)
      return {}
    }
    if (operation === 'GetBucketPolicy' && policies.has(Bucket)) return { Policy: policies.get(Bucket) }
    if (operation === 'PutBucketNotificationConfiguration') {
      reporting.add(Bucket)
      return {}
    }
    const reports = operation === 'GetBucketNotificationConfiguration' && reporting.has(Bucket)
    return reports ? { EventBridgeConfiguration: {} } : undefined
  }
}

/** moto can neither change nor delete a named query, nor change a workgroup. */
function namedQueries() {
  const queries = new Map<string, Fields>()
  return (operation: string, input: Fields) => {
    const id = input.NamedQueryId as string
    switch (operation) {
      case 'ListNamedQueries':
        return { NamedQueryIds: [...queries.keys()] }
      case 'BatchGetNamedQuery':
        return { NamedQueries: (input.NamedQueryIds as string[]).map((each) => queries.get(each)) }
      case 'CreateNamedQuery': {
        const NamedQueryId = `query-${queries.size + 1}`
        queries.set(NamedQueryId, { ...input, NamedQueryId })
        return { NamedQueryId }
      }
      case 'UpdateNamedQuery':
        queries.set(id, { ...queries.get(id), ...input })
        return {}
      case 'DeleteNamedQuery':
        queries.delete(id)
        return {}
      default:
        return operation === 'UpdateWorkGroup' ? {} : undefined
    }
  }
}

/** moto changes neither crawlers nor jobs. */
function jobChanges() {
  return (operation: string) => (/^Update(Crawler|Job)$|CrawlerSchedule$/.test(operation) ? {} : undefined)
}

/** moto keeps neither tags nor subscribers of budgets, and changes none. */
function budgetDetails() {
  let tags: unknown
  let subscribers: unknown
  return (operation: string, input: Fields) => {
    if (operation === 'CreateBudget') {
      tags = input.ResourceTags
      const [notification] = input.NotificationsWithSubscribers as { Subscribers: unknown }[]
      subscribers = notification?.Subscribers
    }
    if (operation === 'DescribeSubscribersForNotification') return { Subscribers: subscribers }
    if (operation === 'ListTagsForResource') return { ResourceTags: tags }
    if (operation === 'TagResource') tags = input.ResourceTags
    const changes = /^(TagResource|UpdateBudget|(Create|Update|Delete)(Notification|Subscriber))$/
    return changes.test(operation) ? {} : undefined
  }
}

/** moto keeps no tags of dashboards. */
function dashboardTags() {
  let tags: unknown
  return (operation: string, input: Fields) => {
    if (operation === 'PutDashboard') tags = input.Tags ?? tags
    const isDashboard = String(input.ResourceARN).includes(':dashboard/')
    return operation === 'ListTagsForResource' && isDashboard ? { Tags: tags } : undefined
  }
}
