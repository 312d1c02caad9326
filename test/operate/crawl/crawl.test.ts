import { GetCrawlerCommand, GetTablesCommand, GlueClient, ListCrawlsCommand } from '@aws-sdk/client-glue'
import {
  DescribeExecutionCommand,
  ListExecutionsCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn'
import { expect } from 'chai'
import { AwsContext } from '../../../src/aws/context.js'
import { crawl, type CrawlEvent } from '../../../src/operate/crawl/crawl.js'
import { testContext } from '../../support/resource.js'
import { suiteMock } from '../../support/suite-mock.js'

const EXECUTION = 'arn:aws:states:us-east-1:111122223333:execution:dp-sensors-dev-crawl:1'

function named(name: string): Error {
  return Object.assign(new Error(name), { name })
}

describe('crawl', () => {
  const sfn = suiteMock(SFNClient)
  const glue = suiteMock(GlueClient)
  const aws = testContext()
  const signal = new AbortController().signal
  const events: CrawlEvent[] = []
  const watch = () => crawl(aws, { watch: true }, signal, (event) => void events.push(event), 1)
  const failure = (promise: Promise<unknown>) =>
    promise.then(
      () => undefined,
      (thrown: unknown) => thrown,
    )

  beforeEach(() => {
    sfn.reset()
    glue.reset()
    events.length = 0
    sfn.on(ListExecutionsCommand).resolves({ executions: [] })
    sfn.on(StartExecutionCommand).resolves({ executionArn: EXECUTION })
    glue.on(GetCrawlerCommand).resolves({
      Crawler: { State: 'READY', LastCrawl: { Status: 'SUCCEEDED' } },
    })
    glue.on(GetTablesCommand).resolves({ TableList: [] })
    glue.on(ListCrawlsCommand).resolves({ Crawls: [{ DPUHour: 0.35 }] })
  })

  it('starts one execution and leaves it to AWS', async () => {
    const result = await crawl(aws, { watch: false }, signal)
    expect(result).to.deep.equal({
      crawler: 'dp-sensors-dev-crawler',
      executionArn: EXECUTION,
      started: true,
      status: 'running',
      tables: [],
      usd: null,
    })
    expect(sfn.commandCalls(StartExecutionCommand)).to.have.length(1)
  })

  it('joins the execution that runs', async () => {
    sfn.on(ListExecutionsCommand).resolves({
      executions: [
        {
          executionArn: EXECUTION,
          stateMachineArn: aws.names.stateMachineArn('crawl'),
          name: '1',
          status: 'RUNNING',
          startDate: new Date(),
        },
      ],
    })
    const result = await crawl(aws, { watch: false }, signal)
    expect(result).to.include({ started: false, executionArn: EXECUTION })
    expect(sfn.commandCalls(StartExecutionCommand)).to.have.length(0)
    expect(sfn.commandCalls(ListExecutionsCommand)[0]!.args[0].input).to.include({ statusFilter: 'RUNNING' })
  })

  it('follows it to its end and says which tables the crawler has', async () => {
    sfn
      .on(DescribeExecutionCommand)
      .resolvesOnce({ status: 'RUNNING' })
      .resolvesOnce({ status: 'RUNNING' })
      .resolves({ status: 'SUCCEEDED' })
    glue
      .on(GetCrawlerCommand)
      .resolvesOnce({ Crawler: { State: 'RUNNING', CrawlElapsedTime: 2000 } })
      .resolves({ Crawler: { State: 'STOPPING', CrawlElapsedTime: 60_000 } })
    const table = (Name: string, crawler: string) => ({
      Name,
      PartitionKeys: [{ Name: 'day' }],
      StorageDescriptor: { Location: `s3://transformed/${Name}/`, Columns: [{ Name: 'a' }, { Name: 'b' }] },
      Parameters: { UPDATED_BY_CRAWLER: crawler, recordCount: '12' },
    })
    glue
      .on(GetTablesCommand)
      .resolvesOnce({
        TableList: [table('datapipe_crawled_b', aws.names.crawler), table('other', 'their-crawler')],
        NextToken: 'more',
      })
      .resolves({ TableList: [table('datapipe_crawled_a', aws.names.crawler), { Name: 'temperature' }] })
    const result = await watch()
    expect(result).to.deep.include({ status: 'succeeded', started: true })
    expect(result.usd).to.be.closeTo(0.154, 1e-9)
    expect(result.tables.map(({ name }) => name)).to.deep.equal(['datapipe_crawled_a', 'datapipe_crawled_b'])
    expect(result.tables[0]).to.deep.include({ columns: 2, partitionKeys: ['day'], rows: 12 })
    expect(events).to.deep.equal([
      { type: 'crawl.started', started: true },
      { type: 'crawl.state', state: 'RUNNING', seconds: 2 },
      { type: 'crawl.state', state: 'STOPPING', seconds: 60 },
    ])
  })

  it('says why a crawl failed, and where its log is', async () => {
    sfn.on(DescribeExecutionCommand).resolves({ status: 'FAILED' })
    glue.on(GetCrawlerCommand).resolves({
      Crawler: {
        State: 'READY',
        LastCrawl: {
          Status: 'FAILED',
          ErrorMessage: 'Access denied',
          LogGroup: '/aws-glue/crawlers',
          LogStream: 'dp',
        },
      },
    })
    const result = await watch()
    expect(result.status).to.equal('failed')
    expect(result.reason).to.equal('Access denied. Its log: /aws-glue/crawlers, stream dp.')
  })

  it('does not blame the crawl when the execution was stopped', async () => {
    sfn.on(DescribeExecutionCommand).resolves({ status: 'ABORTED' })
    const result = await watch()
    expect(result).to.include({ status: 'failed', reason: 'The execution ended as ABORTED.' })
  })

  it('says that the crawler is still to be made', async () => {
    sfn.on(ListExecutionsCommand).rejects(named('StateMachineDoesNotExist'))
    const error = await failure(watch())
    expect(error).to.include({ code: 'CRAWLER_NOT_UP' })
  })

  it('refuses an emulator before it calls anything: a crawl there would never end', async () => {
    const emulated = new AwsContext({ clients: aws.clients, names: aws.names, emulated: true })
    expect(await failure(crawl(emulated, { watch: true }, signal))).to.include({ code: 'CRAWLER_NEEDS_AWS' })
    expect([...sfn.calls(), ...glue.calls()]).to.deep.equal([])
  })

  it('leaves the crawl alone when it is interrupted', async () => {
    const stop = new AbortController()
    sfn.on(DescribeExecutionCommand).resolves({ status: 'RUNNING' })
    glue.on(GetCrawlerCommand).callsFake(() => {
      stop.abort()
      return { Crawler: { State: 'RUNNING' } }
    })
    const error = await failure(crawl(aws, { watch: true }, stop.signal))
    expect(error).to.include({ code: 'INTERRUPTED' })
    expect((error as { suggestions: string[] }).suggestions[0]).to.contain('datapipe crawl --watch --env dev')
  })
})
