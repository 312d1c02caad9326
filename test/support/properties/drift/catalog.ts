import {
  AthenaClient,
  CreateNamedQueryCommand,
  CreateWorkGroupCommand,
  DeleteWorkGroupCommand,
  GetWorkGroupCommand,
  ListTagsForResourceCommand,
  type NamedQuery,
  type ResultConfiguration,
  type WorkGroupConfiguration,
} from '@aws-sdk/client-athena'
import {
  CreateCrawlerCommand,
  CreateJobCommand,
  DeleteCrawlerCommand,
  DeleteJobCommand,
  GetCrawlerCommand,
  GetDatabaseCommand,
  GetJobCommand,
  GetTagsCommand,
  GlueClient,
  UpdateDatabaseCommand,
  type CreateCrawlerCommandInput,
  type CreateJobCommandInput,
  type DatabaseInput,
} from '@aws-sdk/client-glue'
import { namedQueries } from '../../../../src/resources/athena/named-query.js'
import { drift, type Drift } from '../drift.js'

const database = (path: string, change: Partial<DatabaseInput>): Drift =>
  drift('catalog/database', path, async (world) => {
    const glue = world.client(GlueClient)
    const Name = world.id('catalog/database')
    const { Database: found } = await glue.send(new GetDatabaseCommand({ Name }))
    const { Description, LocationUri, Parameters } = found ?? {}
    return glue.send(
      new UpdateDatabaseCommand({
        Name,
        DatabaseInput: { Name, Description, LocationUri, Parameters, ...change },
      }),
    )
  })

/** The emulator changes no workgroup: it is another one of the same name and tags. */
const workgroup = (
  paths: string | string[],
  change: Partial<WorkGroupConfiguration>,
  results: Partial<ResultConfiguration> = {},
): Drift =>
  drift('catalog/workgroup', paths, async (world) => {
    const athena = world.client(AthenaClient)
    const Name = world.id('catalog/workgroup')
    const { WorkGroup: found } = await athena.send(new GetWorkGroupCommand({ WorkGroup: Name }))
    const ResourceARN = world.aws.names.arn('athena', `workgroup/${Name}`)
    const { Tags } = await athena.send(new ListTagsForResourceCommand({ ResourceARN }))
    await athena.send(new DeleteWorkGroupCommand({ WorkGroup: Name, RecursiveDeleteOption: true }))
    const ResultConfiguration = { ...found?.Configuration?.ResultConfiguration, ...results }
    return athena.send(
      new CreateWorkGroupCommand({
        Name,
        Tags,
        Configuration: { ...found?.Configuration, ResultConfiguration, ...change },
      }),
    )
  })

/** The emulator changes no query: the newest one of a name is the one. */
const query = (path: string, change: Partial<NamedQuery>): Drift =>
  drift('catalog/query/rows', path, async (world) => {
    const athena = world.client(AthenaClient)
    const all = await namedQueries(world.aws, world.aws.names.workgroup)
    const found = all.findLast(({ Name }) => Name === world.aws.names.namedQuery('rows'))
    const { Database, Description, Name, QueryString, WorkGroup } = { ...found!, ...change }
    return athena.send(new CreateNamedQueryCommand({ Name, Database, Description, QueryString, WorkGroup }))
  })

/** The emulator changes no crawler: it is another one of the same name and tags. */
const crawler = (paths: string | string[], change: Partial<CreateCrawlerCommandInput>): Drift =>
  drift('catalog/crawler', paths, async (world) => {
    const glue = world.client(GlueClient)
    const Name = world.id('catalog/crawler')
    const { Crawler: found } = await glue.send(new GetCrawlerCommand({ Name }))
    const { Tags } = await glue.send(
      new GetTagsCommand({ ResourceArn: world.aws.names.arn('glue', `crawler/${Name}`) }),
    )
    await glue.send(new DeleteCrawlerCommand({ Name }))
    return glue.send(
      new CreateCrawlerCommand({
        ...(found as CreateCrawlerCommandInput),
        Schedule: found?.Schedule?.ScheduleExpression,
        Tags,
        ...change,
      }),
    )
  })

/** The emulator changes no job: it is another one of the same name and tags. */
const job = (paths: string | string[], change: Partial<CreateJobCommandInput>): Drift =>
  drift('spark/job', paths, async (world) => {
    const glue = world.client(GlueClient)
    const Name = world.id('spark/job')
    const { Job: found } = await glue.send(new GetJobCommand({ JobName: Name }))
    const { Tags } = await glue.send(
      new GetTagsCommand({ ResourceArn: world.aws.names.arn('glue', `job/${Name}`) }),
    )
    await glue.send(new DeleteJobCommand({ JobName: Name }))
    const kept = { ...(found as CreateJobCommandInput), MaxCapacity: undefined, AllocatedCapacity: undefined }
    const arguments_ = { ...kept.DefaultArguments, ...change.DefaultArguments }
    return glue.send(new CreateJobCommand({ ...kept, Name, Tags, ...change, DefaultArguments: arguments_ }))
  })

const OTHER_KEY = 'arn:aws:kms:eu-north-1:123456789012:key/00000000-0000-0000-0000-000000000000'
const OTHER_ROLE = 'arn:aws:iam::123456789012:role/somebody'

/** The catalog, the crawler and the Spark job. */
export const catalogDrift: Drift[] = [
  database('description', { Description: 'by hand' }),
  database('locationUri', { LocationUri: 's3://somebody/' }),
  workgroup('outputLocation', {}, { OutputLocation: 's3://somebody/' }),
  workgroup(
    ['encryption.option', 'encryption.keyArn'],
    {},
    { EncryptionConfiguration: { EncryptionOption: 'SSE_S3' } },
  ),
  workgroup(
    'encryption.keyArn',
    {},
    {
      EncryptionConfiguration: { EncryptionOption: 'SSE_KMS', KmsKey: OTHER_KEY },
    },
  ),
  workgroup(
    ['expectedBucketOwner', 'enforced'],
    { EnforceWorkGroupConfiguration: false },
    {
      ExpectedBucketOwner: '111122223333',
    },
  ),
  workgroup(['maxScanBytes', 'metrics'], {
    BytesScannedCutoffPerQuery: 10_000_000,
    PublishCloudWatchMetricsEnabled: false,
  }),
  workgroup('engine', { EngineVersion: { SelectedEngineVersion: 'AUTO' } }),
  query('description', { Description: 'by hand' }),
  query('sql', { QueryString: 'select 2' }),
  crawler(['description', 'role'], { Description: 'by hand', Role: OTHER_ROLE }),
  crawler(['database', 'tablePrefix'], { DatabaseName: 'other', TablePrefix: 'other_' }),
  crawler('targets.s3', { Targets: { S3Targets: [{ Path: 's3://somebody/' }] } }),
  crawler(['schemaChange.delete', 'schemaChange.update'], {
    SchemaChangePolicy: { UpdateBehavior: 'LOG', DeleteBehavior: 'DELETE_FROM_DATABASE' },
  }),
  crawler(['recrawl', 'securityConfiguration'], {
    RecrawlPolicy: { RecrawlBehavior: 'CRAWL_NEW_FOLDERS_ONLY' },
    CrawlerSecurityConfiguration: 'other',
  }),
  crawler('schedule', { Schedule: 'cron(0 4 * * ? *)' }),
  crawler('configuration', { Configuration: undefined }),
  crawler(
    [
      'configuration.CrawlerOutput.Partitions.AddOrUpdateBehavior',
      'configuration.CrawlerOutput.Tables.AddOrUpdateBehavior',
      'configuration.Grouping.TableGroupingPolicy',
      'configuration.Grouping.TableLevelConfiguration',
      'configuration.Version',
    ],
    {
      Configuration: JSON.stringify({
        Version: 2,
        CrawlerOutput: {
          Partitions: { AddOrUpdateBehavior: 'Other' },
          Tables: { AddOrUpdateBehavior: 'Other' },
        },
        Grouping: { TableGroupingPolicy: 'Other', TableLevelConfiguration: 5 },
      }),
    },
  ),
  job(['description', 'role'], { Description: 'by hand', Role: OTHER_ROLE }),
  job(['command.name', 'command.pythonVersion', 'command.scriptLocation'], {
    Command: { Name: 'pythonshell', PythonVersion: '3.9', ScriptLocation: 's3://somebody/script.py' },
  }),
  job(['glueVersion', 'workerType', 'workers'], {
    GlueVersion: '4.0',
    WorkerType: 'G.2X',
    NumberOfWorkers: 10,
  }),
  job(['executionClass', 'maxRetries', 'timeoutMinutes'], {
    ExecutionClass: 'FLEX',
    MaxRetries: 3,
    Timeout: 480,
  }),
  job(['maxConcurrentRuns', 'securityConfiguration'], {
    ExecutionProperty: { MaxConcurrentRuns: 1 },
    SecurityConfiguration: 'other',
  }),
  job('arguments.--database', { DefaultArguments: { '--database': 'other' } }),
]
