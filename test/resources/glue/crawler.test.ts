import {
  CreateCrawlerCommand,
  DeleteCrawlerCommand,
  GetCrawlerCommand,
  GetTagsCommand,
  GlueClient,
  StartCrawlerScheduleCommand,
  StopCrawlerCommand,
  StopCrawlerScheduleCommand,
  TagResourceCommand,
  UpdateCrawlerCommand,
  type Crawler,
} from '@aws-sdk/client-glue'
import { expect } from 'chai'
import { DatapipeError } from '../../../src/errors.js'
import type { CrawlerProperties } from '../../../src/resources/glue/crawler-settings.js'
import { GlueCrawler } from '../../../src/resources/glue/crawler.js'
import { testContext, testOperation } from '../../support/resource.js'
import { suiteMock } from '../../support/suite-mock.js'

const ARN = 'arn:aws:glue:us-east-1:111122223333:crawler/dp-sensors-dev-crawler'
const CRON = 'cron(0 3 * * ? *)'

function named(name: string, message = name): Error {
  return Object.assign(new Error(message), { name })
}

describe('GlueCrawler', () => {
  const glue = suiteMock(GlueClient)
  const op = testOperation()
  const properties: CrawlerProperties = {
    description: 'datapipe sensors/dev',
    roleArn: () => 'arn:aws:iam::111122223333:role/dp-sensors-dev-glue-use1',
    database: () => 'dp_sensors_dev',
    path: () => 's3://transformed/',
    exclusions: ['datapipe_*/**', '_tmp/**'],
    tablePrefix: 'datapipe_crawled_',
    tableLevel: 2,
    recrawl: 'everything',
    schedule: CRON,
    securityConfiguration: () => 'dp-sensors-dev-glue',
  }
  const make = (overrides: Partial<CrawlerProperties> = {}) =>
    new GlueCrawler(testContext(), 'catalog/crawler', 'dp-sensors-dev-crawler', {
      ...properties,
      ...overrides,
    })
  const crawler = make()

  /** As Glue answers: the role by its name, the exclusions in its own order, the configuration in another order. */
  const described: Crawler = {
    Name: crawler.name,
    Description: properties.description,
    Role: 'dp-sensors-dev-glue-use1',
    DatabaseName: 'dp_sensors_dev',
    Targets: {
      S3Targets: [{ Path: 's3://transformed/', Exclusions: ['_tmp/**', 'datapipe_*/**'] }],
      JdbcTargets: [],
    },
    TablePrefix: 'datapipe_crawled_',
    SchemaChangePolicy: { UpdateBehavior: 'UPDATE_IN_DATABASE', DeleteBehavior: 'LOG' },
    RecrawlPolicy: { RecrawlBehavior: 'CRAWL_EVERYTHING' },
    Schedule: { ScheduleExpression: CRON, State: 'SCHEDULED' },
    Configuration:
      '{"Grouping":{"TableLevelConfiguration":2,"TableGroupingPolicy":"CombineCompatibleSchemas"},"CrawlerOutput":{"Tables":{"AddOrUpdateBehavior":"MergeNewColumns"},"Partitions":{"AddOrUpdateBehavior":"InheritFromTable"}},"Version":1.0}',
    CrawlerSecurityConfiguration: 'dp-sensors-dev-glue',
    State: 'READY',
  }

  function existing(overrides: Partial<Crawler> = {}, tags = crawler.tags): void {
    glue.on(GetCrawlerCommand).resolves({ Crawler: { ...described, ...overrides } })
    glue.on(GetTagsCommand).resolves({ Tags: tags })
  }
  const paths = async (of = crawler) => of.diff((await of.read())!).map((change) => change.path)
  async function update(of = crawler): Promise<void> {
    const observed = (await of.read())!
    await of.update(observed, of.diff(observed), op)
  }
  const failure = (promise: Promise<unknown>) =>
    promise.then(
      () => undefined,
      (thrown: unknown) => thrown,
    )

  beforeEach(() => glue.reset())

  it('is absent', async () => {
    glue.on(GetCrawlerCommand).rejects(named('EntityNotFoundException'))
    expect(await crawler.read()).to.equal(undefined)
  })

  it('is unchanged however Glue writes what it was given', async () => {
    existing()
    const observed = (await crawler.read())!
    expect(observed).to.deep.include({ owned: true, attributes: { name: crawler.name, arn: ARN } })
    expect(crawler.diff(observed)).to.deep.equal([])
    existing({ Role: properties.roleArn() })
    expect(await paths()).to.deep.equal([])
  })

  it('is foreign without our tags', async () => {
    existing({}, {})
    expect((await crawler.read())!.owned).to.equal(false)
  })

  const drifts: [string, Partial<Crawler>][] = [
    ['description', { Description: 'x' }],
    ['role', { Role: 'other' }],
    ['database', { DatabaseName: 'other' }],
    ['targets.s3', { Targets: { S3Targets: [{ Path: 's3://other/' }] } }],
    [
      'targets.other',
      { Targets: { ...described.Targets, JdbcTargets: [{ ConnectionName: 'c', Path: 'db/%' }] } },
    ],
    ['tablePrefix', { TablePrefix: '' }],
    ['schemaChange.update', { SchemaChangePolicy: { UpdateBehavior: 'LOG', DeleteBehavior: 'LOG' } }],
    [
      'schemaChange.delete',
      {
        SchemaChangePolicy: {
          UpdateBehavior: 'UPDATE_IN_DATABASE',
          DeleteBehavior: 'DELETE_FROM_DATABASE',
        },
      },
    ],
    ['recrawl', { RecrawlPolicy: { RecrawlBehavior: 'CRAWL_NEW_FOLDERS_ONLY' } }],
    ['schedule', { Schedule: { ScheduleExpression: 'cron(0 4 * * ? *)', State: 'SCHEDULED' } }],
    ['schedule', { Schedule: { ScheduleExpression: CRON, State: 'NOT_SCHEDULED' } }],
    ['securityConfiguration', { CrawlerSecurityConfiguration: undefined }],
    [
      'configuration.Grouping.TableLevelConfiguration',
      { Configuration: described.Configuration!.replace('Configuration":2', 'Configuration":3') },
    ],
    ['configuration', { Configuration: undefined }],
  ]
  for (const [path, drift] of drifts) {
    it(`names ${path} when that alone drifted: ${JSON.stringify(drift)}`, async () => {
      existing(drift)
      expect(await paths()).to.deep.equal([path])
    })
  }

  it('names a tag that drifted and repairs it alone', async () => {
    existing({}, { ...crawler.tags, Name: 'x' })
    expect(await paths()).to.deep.equal(['tags.Name'])
    await update()
    expect(glue.commandCalls(TagResourceCommand)[0]!.args[0].input).to.deep.equal({
      ResourceArn: ARN,
      TagsToAdd: crawler.tags,
    })
    expect(glue.commandCalls(UpdateCrawlerCommand)).to.have.length(0)
  })

  it('crawls new folders only without changing tables, or Glue would refuse it', async () => {
    glue.on(CreateCrawlerCommand).resolves({})
    await make({ recrawl: 'new-folders' }).create(op)
    expect(glue.commandCalls(CreateCrawlerCommand)[0]!.args[0].input).to.deep.include({
      RecrawlPolicy: { RecrawlBehavior: 'CRAWL_NEW_FOLDERS_ONLY' },
      SchemaChangePolicy: { UpdateBehavior: 'LOG', DeleteBehavior: 'LOG' },
    })
  })

  it('is created with its tags once Glue can assume the new role', async () => {
    glue
      .on(CreateCrawlerCommand)
      .rejectsOnce(named('InvalidInputException', 'Service is unable to assume provided role. Please verify'))
      .rejectsOnce(
        named(
          'InvalidInputException',
          'The security token included in the request is invalid. (Service: null',
        ),
      )
      .resolves({})
    expect(await crawler.create(op)).to.deep.equal({ name: crawler.name, arn: ARN })
    const { input } = glue.commandCalls(CreateCrawlerCommand)[2]!.args[0]
    expect(input).to.deep.include({ Schedule: CRON, Tags: crawler.tags })
    glue.on(GetCrawlerCommand).resolves({
      Crawler: { ...input, Schedule: { ScheduleExpression: input.Schedule, State: 'SCHEDULED' } },
    })
    glue.on(GetTagsCommand).resolves({ Tags: input.Tags })
    expect(await paths()).to.deep.equal([])
  })

  it('does not retry what will not pass', async () => {
    glue.on(CreateCrawlerCommand).rejects(named('InvalidInputException', 'Invalid path'))
    expect(await failure(crawler.create(op))).to.include({ message: 'Invalid path' })
    expect(glue.commandCalls(CreateCrawlerCommand)).to.have.length(1)
  })

  it('goes on with its own when the answer to the create was lost', async () => {
    existing()
    glue.on(CreateCrawlerCommand).rejects(named('AlreadyExistsException'))
    expect(await crawler.create(op)).to.include({ name: crawler.name })
    existing({}, {})
    expect(await failure(crawler.create(op))).to.include({ name: 'AlreadyExistsException' })
  })

  const DENIED = named('InvalidInputException', 'Insufficient Lake Formation permission(s) on dp_sensors_dev')

  it('does not take the first word of Lake Formation about a new role for its last', async () => {
    glue.on(CreateCrawlerCommand).rejectsOnce(DENIED).resolves({})
    expect(await crawler.create(op)).to.include({ name: crawler.name })
  })

  it('says what to grant when Lake Formation governs the catalog', async () => {
    existing({ Description: 'x' })
    glue.on(UpdateCrawlerCommand).rejects(DENIED)
    const error = await failure(update())
    expect(error).to.be.instanceOf(DatapipeError).and.to.include({ code: 'LAKE_FORMATION_DENIED' })
  })

  it('is updated with everything, after the crawl that runs', async () => {
    existing({ TablePrefix: 'x' })
    glue.on(UpdateCrawlerCommand).rejectsOnce(named('CrawlerRunningException')).resolves({})
    await update()
    const [, second] = glue.commandCalls(UpdateCrawlerCommand)
    expect(second!.args[0].input).to.deep.include({
      TablePrefix: 'datapipe_crawled_',
      Description: properties.description,
      Role: properties.roleArn(),
      CrawlerSecurityConfiguration: 'dp-sensors-dev-glue',
      Schedule: CRON,
    })
    expect(glue.commandCalls(StartCrawlerScheduleCommand)).to.have.length(0)
  })

  it('starts a schedule that somebody stopped', async () => {
    existing({ Schedule: { ScheduleExpression: CRON, State: 'NOT_SCHEDULED' } })
    await update()
    expect(glue.commandCalls(StartCrawlerScheduleCommand)).to.have.length(1)
  })

  it('stops the schedule when it is to run on demand, and is then as desired', async () => {
    const onDemand = make({ schedule: undefined })
    existing({ Schedule: { ScheduleExpression: CRON, State: 'SCHEDULED' } })
    expect(await paths(onDemand)).to.deep.equal(['schedule'])
    glue.on(StopCrawlerScheduleCommand).rejectsOnce(named('SchedulerTransitioningException')).resolves({})
    await update(onDemand)
    expect(glue.commandCalls(StopCrawlerScheduleCommand)).to.have.length(2)
    existing({ Schedule: { ScheduleExpression: CRON, State: 'NOT_SCHEDULED' } })
    expect(await paths(onDemand)).to.deep.equal([])
  })

  describe('delete', () => {
    it('stops a crawl, waits until it has stopped, then deletes', async () => {
      existing({ State: 'RUNNING' })
      const observed = (await crawler.read())!
      glue.reset()
      glue
        .on(GetCrawlerCommand)
        .resolvesOnce({ Crawler: { ...described, State: 'STOPPING' } })
        .resolves({ Crawler: described })
      glue.on(DeleteCrawlerCommand).rejectsOnce(named('CrawlerRunningException')).resolves({})
      expect(await crawler.delete(observed, op)).to.deep.equal({ status: 'deleted' })
      const order = glue.calls().map((call) => call.args[0].constructor.name)
      expect(order).to.deep.equal([
        'StopCrawlerCommand',
        'GetCrawlerCommand',
        'GetCrawlerCommand',
        'DeleteCrawlerCommand',
        'DeleteCrawlerCommand',
      ])
    })

    it('takes one that does not crawl, and one that is gone', async () => {
      existing()
      const observed = (await crawler.read())!
      glue.on(StopCrawlerCommand).rejects(named('CrawlerNotRunningException'))
      glue.on(DeleteCrawlerCommand).resolves({})
      expect(await crawler.delete(observed, op)).to.deep.equal({ status: 'deleted' })
      glue.on(StopCrawlerCommand).rejects(named('EntityNotFoundException'))
      glue.on(GetCrawlerCommand).rejects(named('EntityNotFoundException'))
      glue.on(DeleteCrawlerCommand).rejects(named('EntityNotFoundException'))
      expect(await crawler.delete(observed, op)).to.deep.equal({ status: 'absent' })
    })
  })
})
