import { GetCrawlerCommand, GlueClient, ListCrawlsCommand, type Crawler } from '@aws-sdk/client-glue'
import type { ExecutionStatus } from '@aws-sdk/client-sfn'
import type { AwsContext } from '../../aws/context.js'
import { PRICES } from '../../aws/prices.js'
import { sleep } from '../../engine/wait.js'
import { DatapipeError, InterruptedError } from '../../errors.js'
import { crawlStatus, startCrawl } from './execution.js'
import { crawledTables, type CrawledTable } from './tables.js'

export interface CrawlRequest {
  /** Follow it to its end; without it, it is only started. */
  watch: boolean
}

export interface CrawlResult {
  crawler: string
  executionArn: string
  /** false: it ran already, and was joined. */
  started: boolean
  status: 'running' | 'succeeded' | 'failed'
  /** Why it failed. */
  reason?: string
  /** Tables of the crawler; empty while it runs. */
  tables: CrawledTable[]
  /** What the crawl was billed for, about; null while it runs, and when Glue does not say. */
  usd: number | null
}

/** What happens while crawling. */
export type CrawlEvent =
  { type: 'crawl.started'; started: boolean } | { type: 'crawl.state'; state: string; seconds: number }

export type CrawlListener = (event: CrawlEvent) => void

const POLL_MS = 5000

/**
 * Runs the crawler once, by the state machine that also waits for it. One that runs already is joined.
 * @param pollMs between looks
 * @throws DatapipeError CRAWLER_NEEDS_AWS, CRAWLER_NOT_UP; InterruptedError: the crawl goes on
 */
export async function crawl(
  aws: AwsContext,
  { watch }: CrawlRequest,
  signal: AbortSignal,
  onEvent: CrawlListener = () => undefined,
  pollMs = POLL_MS,
): Promise<CrawlResult> {
  if (aws.emulated) throw needsAws(aws)
  try {
    const { arn: executionArn, started } = await startCrawl(aws, signal)
    onEvent({ type: 'crawl.started', started })
    const result = { crawler: aws.names.crawler, executionArn, started }
    if (!watch) return { ...result, status: 'running', tables: [], usd: null }
    const status = await follow(aws, executionArn, signal, onEvent, pollMs)
    const [crawler, tables, usd] = await Promise.all([
      getCrawler(aws, signal),
      crawledTables(aws, signal),
      lastCrawlUsd(aws, signal),
    ])
    if (status === 'SUCCEEDED') return { ...result, status: 'succeeded', tables, usd }
    return { ...result, status: 'failed', reason: reasonOf(status, crawler), tables, usd }
  } catch (error) {
    if (!signal.aborted) throw error
    throw new InterruptedError('Interrupted; a crawl that was started goes on in AWS.', {
      suggestions: [`Follow it: datapipe crawl --watch --env ${aws.env}`],
    })
  }
}

/** @returns the status in which the execution ended */
async function follow(
  aws: AwsContext,
  executionArn: string,
  signal: AbortSignal,
  onEvent: CrawlListener,
  pollMs: number,
): Promise<ExecutionStatus> {
  let said: string | undefined
  for (;;) {
    const status = await crawlStatus(aws, executionArn, signal)
    if (status !== 'RUNNING') return status
    const crawler = await getCrawler(aws, signal)
    const state = crawler?.State ?? 'gone'
    if (state !== said) {
      said = state
      onEvent({ type: 'crawl.state', state, seconds: Math.round((crawler?.CrawlElapsedTime ?? 0) / 1000) })
    }
    await sleep(pollMs, signal)
  }
}

async function getCrawler(aws: AwsContext, signal: AbortSignal): Promise<Crawler | undefined> {
  const { Crawler: crawler } = await aws.clients
    .of(GlueClient)
    .send(new GetCrawlerCommand({ Name: aws.names.crawler }), { abortSignal: signal })
  return crawler
}

async function lastCrawlUsd(aws: AwsContext, signal: AbortSignal): Promise<number | null> {
  const { Crawls: [last] = [] } = await aws.clients
    .of(GlueClient)
    .send(new ListCrawlsCommand({ CrawlerName: aws.names.crawler, MaxResults: 1 }), { abortSignal: signal })
  return last?.DPUHour === undefined ? null : last.DPUHour * PRICES.items.glueDpuHour.usd
}

function reasonOf(status: ExecutionStatus, crawler: Crawler | undefined): string {
  const last = crawler?.LastCrawl
  if (status !== 'FAILED' || last === undefined || last.Status === 'SUCCEEDED') {
    return `The execution ended as ${status}.`
  }
  const log =
    last.LogGroup === undefined ? '' : ` Its log: ${last.LogGroup}, stream ${last.LogStream ?? '?'}.`
  const why = last.ErrorMessage ?? `The crawl ended as ${last.Status ?? 'unknown'}`
  return `${why.replace(/\.?$/, '.')}${log}`
}

function needsAws(aws: AwsContext): DatapipeError {
  return new DatapipeError(
    'CRAWLER_NEEDS_AWS',
    `Environment ${aws.env} runs on an emulator, where crawlers start, never end and make no tables.`,
    {
      suggestions: [
        'The tables of the transform need no crawler: datapipe query "show tables"',
        'Try the crawler in an environment on AWS.',
      ],
    },
  )
}
