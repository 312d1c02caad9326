import type { Names } from '../../aws/names.js'
import { SCRIPTS_PREFIX } from './glue.js'
import type { AwsResource } from '../../resources/resource.js'

/** An ARN of a resource, and which of its service's actions apply to it; left out: all. */
export interface Target {
  arn: string
  actions?: RegExp
}

type Locate = (names: Names, resource: AwsResource) => Target[]

const named =
  (service: string, kind: string): Locate =>
  (names, { name }) => [{ arn: names.arn(service, `${kind}${name}`) }]

/** CloudWatch, Budgets and IAM are global: their ARNs leave the region out. */
const global = (names: Names, service: string, resource: string): string =>
  `arn:${names.partition}:${service}::${names.place.account}:${resource}`

/** S3 decides by the ARN whether an action is about the bucket or about what is in it. */
const OBJECT_ACTIONS =
  /^s3:(AbortMultipartUpload|ListMultipartUploadParts|(Get|Put|Delete)Object(Version)?(Tagging)?)$/
const BUCKET_ACTIONS = new RegExp(`^(?!${OBJECT_ACTIONS.source.slice(1)})s3:`)

const bucketArn = (names: Names, bucket: string) => `arn:${names.partition}:s3:::${bucket}`

/** What is found by its tags alone; see `deployer-tagged.ts`. */
const tagged: Locate = () => []

const LOCATE: Record<string, Locate> = {
  'AWS::S3::Bucket': (names, { name }) => [
    { arn: bucketArn(names, name), actions: BUCKET_ACTIONS },
    { arn: `${bucketArn(names, name)}/*`, actions: OBJECT_ACTIONS },
  ],
  'Custom::S3Object': (names, { name, within }) =>
    (within as readonly AwsResource[]).flatMap((bucket) => [
      { arn: bucketArn(names, bucket.name), actions: BUCKET_ACTIONS },
      // Scripts of earlier versions have other keys, and are looked at and deleted too.
      {
        arn: `${bucketArn(names, bucket.name)}/${name.startsWith(SCRIPTS_PREFIX) ? `${SCRIPTS_PREFIX}*` : name}`,
        actions: OBJECT_ACTIONS,
      },
    ]),
  'AWS::KMS::Key': tagged,
  'AWS::KMS::Alias': (names, { name }) => [{ arn: names.arn('kms', name) }],
  'AWS::IAM::Role': (names, { name }) => [{ arn: global(names, 'iam', `role/${name}`) }],
  'AWS::IAM::ServiceLinkedRole': (names, { name }) => [
    { arn: global(names, 'iam', `role/aws-service-role/${name}/*`), actions: /ServiceLinkedRole$/ },
  ],
  'AWS::Logs::LogGroup': (names, { name }) => [
    { arn: names.arn('logs', `log-group:${name}`) },
    // The form that most actions ask for; tags are asked for without the end.
    { arn: names.arn('logs', `log-group:${name}:*`) },
  ],
  'AWS::Logs::ResourcePolicy': tagged,
  'AWS::CloudWatch::Alarm': named('cloudwatch', 'alarm:'),
  'AWS::CloudWatch::CompositeAlarm': named('cloudwatch', 'alarm:'),
  'AWS::CloudWatch::Dashboard': (names, { name }) => [
    { arn: global(names, 'cloudwatch', `dashboard/${name}`) },
  ],
  'AWS::Budgets::Budget': (names, { name }) => [{ arn: global(names, 'budgets', `budget/${name}`) }],
  'AWS::SNS::Topic': (names, { name }) => [{ arn: names.arn('sns', name) }],
  'AWS::SNS::Subscription': (names) => [
    { arn: names.arn('sns', names.topic) },
    { arn: names.arn('sns', `${names.topic}:*`), actions: /:Unsubscribe$|SubscriptionAttributes$/ },
  ],
  'AWS::SQS::Queue': named('sqs', ''),
  'AWS::ECR::Repository': named('ecr', 'repository/'),
  'AWS::ECS::Cluster': (names, { name }) => [
    { arn: names.arn('ecs', `cluster/${name}`), actions: /Cluster|TagResource$/ },
    { arn: names.arn('ecs', `task/${name}/*`), actions: /:(StopTask|DescribeTasks)$/ },
  ],
  'AWS::ECS::TaskDefinition': (names, { name }) => [{ arn: names.arn('ecs', `task-definition/${name}:*`) }],
  'AWS::StepFunctions::StateMachine': (names, { name }) => [
    {
      arn: names.arn('states', `stateMachine:${name}`),
      actions: /^(?!states:(Stop|Describe|Redrive)Execution$)/,
    },
    { arn: names.arn('states', `execution:${name}:*`), actions: /:(Stop|Describe|Redrive)Execution$/ },
  ],
  'AWS::Events::Rule': named('events', 'rule/'),
  'AWS::Scheduler::ScheduleGroup': named('scheduler', 'schedule-group/'),
  // Schedules lie in different groups; their ARN says in which.
  'AWS::Scheduler::Schedule': (_names, { expectedPhysicalId }) => [{ arn: expectedPhysicalId }],
  'AWS::Glue::Database': (names, { name }) => [
    { arn: names.arn('glue', 'catalog') },
    { arn: names.arn('glue', `database/${name}`) },
    { arn: names.arn('glue', `table/${name}/*`), actions: /Table|DeleteDatabase$|Partition/ },
    { arn: names.arn('glue', `userDefinedFunction/${name}/*`), actions: /DeleteDatabase$/ },
  ],
  'AWS::Glue::Crawler': named('glue', 'crawler/'),
  'AWS::Glue::Job': named('glue', 'job/'),
  'AWS::Glue::SecurityConfiguration': tagged,
  'AWS::Athena::WorkGroup': named('athena', 'workgroup/'),
  'AWS::Athena::NamedQuery': (names) => [{ arn: names.arn('athena', `workgroup/${names.workgroup}`) }],
  'AWS::CodeBuild::Project': named('codebuild', 'project/'),
  'Custom::Image': (names) => [
    { arn: names.arn('ecr', `repository/${names.repository}`) },
    { arn: names.arn('codebuild', `project/${names.imageProject}`) },
    { arn: names.arn('logs', `log-group:${names.codeBuildLogGroup}:*`) },
    { arn: `${names.bucketArn('artifacts')}/source/*`, actions: OBJECT_ACTIONS },
  ],
  'AWS::SecretsManager::Secret': (names, { name }) => [
    // Secrets Manager adds a hyphen and six random characters.
    { arn: names.arn('secretsmanager', `secret:${name}-??????`) },
  ],
}

/** Services whose resources have random ids: scoped by tags. */
const BY_TAGS = /^AWS::(EC2|DataSync)::/

/**
 * The ARNs of a resource, as far as its name gives them.
 * @throws Error for a type that nobody has said the ARN of: it would otherwise get no rights, or too many
 */
export function targetsOf(names: Names, resource: AwsResource): Target[] {
  const locate = BY_TAGS.test(resource.type) ? tagged : LOCATE[resource.type]
  if (locate === undefined)
    throw new Error(`src/pipeline/policies/deployer-targets.ts knows no ARN of ${resource.type}`)
  return locate(names, resource)
}
