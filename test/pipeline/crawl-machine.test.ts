import aslValidator from 'asl-validator'
import { expect } from 'chai'
import { StatesError } from '../../src/local/asl/errors.js'
import type { Json } from '../../src/local/asl/json.js'
import { crawlDefinition } from '../../src/pipeline/state-machines/crawl.js'
import { entered, run } from '../local/asl/run.js'
import { VirtualClock } from '../local/asl/virtual-clock.js'
import { expectGolden } from '../support/golden.js'

const CRAWLER = 'dp-sensors-dev-crawler'
const DEFINITION = crawlDefinition(CRAWLER)
const START = 'arn:aws:states:::aws-sdk:glue:startCrawler'
const GET = 'arn:aws:states:::aws-sdk:glue:getCrawler'

interface Glue {
  /** Errors of StartCrawler, one per attempt; then it succeeds. */
  start?: string[]
  /** Answers of GetCrawler, one per call; an Error fails that call. The last one stays. */
  get: (Json | Error)[]
}

async function crawl({ get, start = [] }: Glue) {
  const clock = new VirtualClock()
  const names: Json[] = []
  const outcome = await run(
    DEFINITION,
    { source: 'crawl' },
    {
      clock,
      handlers: {
        [START]: async ({ parameters }) => {
          names.push(parameters)
          const error = start.shift()
          if (error !== undefined) throw new StatesError(error, error)
          return {}
        },
        [GET]: async () => {
          const answer = (get.length > 1 ? get.shift() : get[0])!
          if (answer instanceof Error) throw answer
          return { Crawler: answer }
        },
      },
    },
  )
  return { outcome, clock, names }
}

const running: Json = { Name: CRAWLER, State: 'RUNNING' }
const ready = (status: string): Json => ({
  Name: CRAWLER,
  State: 'READY',
  LastCrawl: { Status: status, ...(status === 'FAILED' ? { ErrorMessage: 'Access denied on s3' } : {}) },
})

describe('the crawl state machine', () => {
  it('is valid to asl-validator, and as reviewed', () => {
    const { errors, isValid } = aslValidator(DEFINITION)
    expect(errors).to.deep.equal([])
    expect(isValid).to.equal(true)
    expectGolden('state-machines/crawl.json', `${JSON.stringify(DEFINITION, null, 2)}\n`)
  })

  it('starts the crawler once and waits for its end, also in its first crawl', async () => {
    const stopping: Json = { Name: CRAWLER, State: 'STOPPING', LastCrawl: { Status: 'SUCCEEDED' } }
    const { clock, names, outcome } = await crawl({
      get: [running, running, stopping, ready('SUCCEEDED')],
    })
    expect(outcome.status, outcome.cause).to.equal('SUCCEEDED')
    expect(names).to.deep.equal([{ Name: CRAWLER }])
    expect(clock.slept).to.deep.equal([30_000, 30_000, 30_000, 30_000])
    expect(entered(outcome).at(-1)).to.equal('Ok')
  })

  it('joins a crawl that runs already, at once', async () => {
    const { names, outcome } = await crawl({
      start: ['Glue.CrawlerRunningException'],
      get: [running, ready('SUCCEEDED')],
    })
    expect(outcome.status, outcome.cause).to.equal('SUCCEEDED')
    expect(names).to.have.length(1)
    expect(outcome.output).to.include({ source: 'crawl' })
  })

  for (const status of ['FAILED', 'CANCELLED']) {
    it(`fails when the crawl ended as ${status}, and says what Glue says`, async () => {
      const { outcome } = await crawl({ get: [running, ready(status)] })
      expect(outcome).to.include({ status: 'FAILED', error: 'CrawlFailed' })
      expect(JSON.parse(outcome.cause ?? '')).to.include({ Status: status })
      if (status === 'FAILED') expect(outcome.cause).to.contain('Access denied on s3')
    })
  }

  it('fails when there was no crawl at all', async () => {
    const { outcome } = await crawl({ get: [{ Name: CRAWLER, State: 'READY' }] })
    expect(outcome).to.include({ status: 'FAILED', error: 'CrawlFailed' })
    expect(outcome.cause).to.contain('did not crawl')
  })

  it('tries again what may pass, and gives up on what does not', async () => {
    const passing = await crawl({
      start: ['Glue.SdkClientException', 'Glue.OperationTimeoutException'],
      get: [new StatesError('Glue.SdkClientException', 'no answer'), ready('SUCCEEDED')],
    })
    expect(passing.outcome.status, passing.outcome.cause).to.equal('SUCCEEDED')
    expect(passing.names).to.have.length(3)
    const failing = await crawl({
      start: Array<string>(10).fill('Glue.EntityNotFoundException'),
      get: [running],
    })
    expect(failing.outcome).to.include({ status: 'FAILED', error: 'Glue.EntityNotFoundException' })
    expect(failing.names).to.have.length(6)
  })
})
