import { BACK_OFF } from './retry.js'

/** The error of an execution whose crawl failed or was cancelled; its cause is what Glue says about the crawl. */
export const CRAWL_FAILED = 'CrawlFailed'

const POLL_SECONDS = 30

/**
 * Starts the crawler and waits until it has ended (spec §9.3). A crawler is a singleton: one that runs already is joined. The
 * whole answer of GetCrawler is kept, because a crawler in its first crawl has no `LastCrawl` that a selector could name.
 */
export function crawlDefinition(crawler: string): object {
  return {
    Comment: 'datapipe crawl: one crawl of the transformed files',
    StartAt: 'StartCrawler',
    TimeoutSeconds: 86_400,
    States: {
      StartCrawler: {
        Type: 'Task',
        Resource: 'arn:aws:states:::aws-sdk:glue:startCrawler',
        Parameters: { Name: crawler },
        ResultPath: null,
        Retry: [
          { ErrorEquals: ['Glue.CrawlerRunningException'], MaxAttempts: 0 },
          { ErrorEquals: ['States.ALL'], IntervalSeconds: 5, MaxAttempts: 5, ...BACK_OFF },
        ],
        Catch: [{ ErrorEquals: ['Glue.CrawlerRunningException'], ResultPath: null, Next: 'Wait' }],
        Next: 'Wait',
      },
      Wait: { Type: 'Wait', Seconds: POLL_SECONDS, Next: 'GetCrawler' },
      GetCrawler: {
        Type: 'Task',
        Resource: 'arn:aws:states:::aws-sdk:glue:getCrawler',
        Parameters: { Name: crawler },
        ResultPath: '$.glue',
        Retry: [{ ErrorEquals: ['States.ALL'], IntervalSeconds: 5, MaxAttempts: 8, ...BACK_OFF }],
        Next: 'Ready?',
      },
      'Ready?': {
        Type: 'Choice',
        Choices: [
          { Not: { Variable: '$.glue.Crawler.State', StringEquals: 'READY' }, Next: 'Wait' },
          { Variable: '$.glue.Crawler.LastCrawl', IsPresent: false, Next: 'NeverCrawled' },
          { Variable: '$.glue.Crawler.LastCrawl.Status', StringEquals: 'SUCCEEDED', Next: 'Ok' },
        ],
        Default: 'CrawlFailed',
      },
      Ok: { Type: 'Succeed' },
      NeverCrawled: {
        Type: 'Fail',
        Error: CRAWL_FAILED,
        Cause: 'The crawler was started and did not crawl.',
      },
      CrawlFailed: {
        Type: 'Fail',
        Error: CRAWL_FAILED,
        CausePath: 'States.JsonToString($.glue.Crawler.LastCrawl)',
      },
    },
  }
}
