import type { Crawler, UpdateCrawlerRequest } from '@aws-sdk/client-glue'

/** `everything`: each crawl reads all folders. `new-folders`: only those that came since the last, which is cheaper. */
export type Recrawl = 'everything' | 'new-folders'

export interface CrawlerProperties {
  description: string
  roleArn: () => string
  database: () => string
  /** `s3://bucket/prefix/` */
  path: () => string
  /** Glob patterns relative to the path. */
  exclusions: readonly string[]
  /** Of the names of its tables. */
  tablePrefix: string
  /** Level of the folders that become tables: 1 is the bucket. */
  tableLevel: number
  recrawl: Recrawl
  /** `cron(…)` in UTC; left out, it runs only when it is started. */
  schedule?: string
  /** Name of the security configuration that its logs are encrypted by. */
  securityConfiguration: () => string
}

/** What is compared, observed or desired. */
export interface CrawlerSettings extends Record<string, unknown> {
  description: string | undefined
  /** Name, not ARN: Glue answers either. */
  role: string
  database: string | undefined
  targets: unknown
  tablePrefix: string | undefined
  schemaChange: { update: string | undefined; delete: string | undefined }
  recrawl: string | undefined
  schedule: string | null
  securityConfiguration: string | undefined
  /** Parsed: Glue keeps the text, but its order means nothing. */
  configuration: unknown
}

/**
 * New columns are added and none removed; partitions look like their table; and files of one dataset with different columns
 * stay one table (spec §11.2). The table level keeps datasets with the same columns apart.
 */
function configuration(tableLevel: number): object {
  return {
    Version: 1.0,
    CrawlerOutput: {
      Partitions: { AddOrUpdateBehavior: 'InheritFromTable' },
      Tables: { AddOrUpdateBehavior: 'MergeNewColumns' },
    },
    Grouping: { TableGroupingPolicy: 'CombineCompatibleSchemas', TableLevelConfiguration: tableLevel },
  }
}

/** Crawling new folders only demands that changes are logged and not applied; Glue refuses anything else (spec §11.2). */
function updateBehavior(recrawl: Recrawl): 'LOG' | 'UPDATE_IN_DATABASE' {
  return recrawl === 'new-folders' ? 'LOG' : 'UPDATE_IN_DATABASE'
}

const RECRAWL = { everything: 'CRAWL_EVERYTHING', 'new-folders': 'CRAWL_NEW_FOLDERS_ONLY' } as const

/** Everything that CreateCrawler and UpdateCrawler take, but for the schedule and the tags. */
export function crawlerRequest(name: string, properties: CrawlerProperties) {
  return {
    Name: name,
    Description: properties.description,
    Role: properties.roleArn(),
    DatabaseName: properties.database(),
    Targets: { S3Targets: [{ Path: properties.path(), Exclusions: [...properties.exclusions] }] },
    TablePrefix: properties.tablePrefix,
    SchemaChangePolicy: {
      UpdateBehavior: updateBehavior(properties.recrawl),
      // A folder that is gone is told in the log; what others may query is never taken away.
      DeleteBehavior: 'LOG' as const,
    },
    RecrawlPolicy: { RecrawlBehavior: RECRAWL[properties.recrawl] },
    Configuration: JSON.stringify(configuration(properties.tableLevel)),
    CrawlerSecurityConfiguration: properties.securityConfiguration(),
  } satisfies UpdateCrawlerRequest
}

export function desiredSettings(properties: CrawlerProperties): CrawlerSettings {
  return settingsOf({
    ...crawlerRequest('', properties),
    ...(properties.schedule === undefined
      ? {}
      : { Schedule: { ScheduleExpression: properties.schedule, State: 'SCHEDULED' } }),
  })
}

/** A crawler as Glue describes it, as a value that compares. */
export function settingsOf(crawler: Crawler): CrawlerSettings {
  return {
    description: crawler.Description,
    role: (crawler.Role ?? '').replace(/^arn:[^/]*:role\//, ''),
    database: crawler.DatabaseName,
    targets: targetsOf(crawler),
    tablePrefix: crawler.TablePrefix,
    schemaChange: {
      update: crawler.SchemaChangePolicy?.UpdateBehavior,
      delete: crawler.SchemaChangePolicy?.DeleteBehavior,
    },
    recrawl: crawler.RecrawlPolicy?.RecrawlBehavior,
    schedule: scheduleOf(crawler),
    securityConfiguration: crawler.CrawlerSecurityConfiguration,
    configuration: parsed(crawler.Configuration),
  }
}

/** S3 targets by path, exclusions sorted; targets of any other kind are drift. */
function targetsOf({ Targets: targets = {} }: Crawler): unknown {
  const { S3Targets: s3 = [], ...others } = targets
  const other = Object.entries(others)
    .filter(([, list]) => list !== undefined && list.length > 0)
    .map(([kind]) => kind)
  return {
    s3: s3
      .map(({ Exclusions: exclusions = [], Path: path = '' }) => ({
        path,
        exclusions: [...exclusions].sort(),
      }))
      .sort((a, b) => (a.path < b.path ? -1 : 1)),
    other,
  }
}

/** A schedule that was stopped keeps its expression, and is none. */
function scheduleOf({ Schedule: schedule }: Crawler): string | null {
  if (schedule?.State === 'NOT_SCHEDULED') return null
  return schedule?.ScheduleExpression === '' ? null : (schedule?.ScheduleExpression ?? null)
}

function parsed(text: string | undefined): unknown {
  if (text === undefined || text === '') return null
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text
  }
}
