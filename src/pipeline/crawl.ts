import type { AwsContext } from '../aws/context.js'
import type { Environment } from '../config/schema.js'
import type { GlueDatabase } from '../resources/glue/database.js'
import { GlueCrawler } from '../resources/glue/crawler.js'
import { Role } from '../resources/iam/role.js'
import { LogGroup } from '../resources/logs/log-group.js'
import type { AwsResource } from '../resources/resource.js'
import { StateMachine } from '../resources/sfn/state-machine.js'
import type { Glue } from './glue.js'
import { crawlRolePolicy } from './policies/glue.js'
import { statesTrust } from './policies/orchestration-roles.js'
import type { Security } from './security.js'
import { crawlDefinition } from './state-machines/crawl.js'
import type { Storage } from './storage.js'

/** Begins the names of the crawler's tables. No dataset can be called so: the transform's own tables are never touched. */
export const CRAWLED_PREFIX = 'datapipe_crawled_'

/** What datapipe keeps beside the datasets, and what Spark leaves while it writes: no tables. */
const EXCLUSIONS = ['datapipe_*/**', '_tmp/**', '**_SUCCESS']

/** `bucket/<dataset>/…`: the folders of the second level are the tables. */
const DATASET_LEVEL = 2

/** The crawler, and what runs it once and waits for it. */
export interface Crawl {
  /** undefined: off. */
  crawler?: GlueCrawler
  machine?: StateMachine
  resources: AwsResource[]
}

export interface CrawlParts {
  security: Security
  storage: Storage
  glue: Glue
  database: GlueDatabase
}

export function crawl(aws: AwsContext, environment: Environment, parts: CrawlParts): Crawl {
  const { catalog: settings } = environment
  const { shared } = parts.glue
  if (settings.crawler === 'off' || shared === undefined) return { resources: [] }
  const { names } = aws
  const { database, storage } = parts
  const { key } = parts.security
  const { role: glueRole, securityConfiguration } = shared

  const crawler = new GlueCrawler(
    aws,
    'catalog/crawler',
    names.crawler,
    {
      description: `datapipe ${environment.project}/${environment.name}: transformed files`,
      roleArn: () => glueRole.attributes.arn,
      database: () => database.attributes.name,
      path: () => `s3://${storage.transformed.attributes.bucket}/`,
      exclusions: EXCLUSIONS,
      tablePrefix: CRAWLED_PREFIX,
      tableLevel: DATASET_LEVEL,
      // A corrected file replaces one in a folder that was crawled before.
      recrawl: 'everything',
      ...(settings.crawler === 'schedule' ? { schedule: settings.schedule } : {}),
      securityConfiguration: () => securityConfiguration.attributes.name,
    },
    { dependsOn: [glueRole, securityConfiguration, database, storage.transformed] },
  )

  const role = new Role(
    aws,
    'security/role/sfn-crawl',
    names.role('sfn-crawl'),
    {
      description: `datapipe ${environment.name}: the crawl state machine`,
      trust: () => statesTrust(names),
      policy: () => crawlRolePolicy(names, key.attributes.arn),
      permissionsBoundary: environment.permissionsBoundary,
    },
    { dependsOn: [key] },
  )
  const logs = new LogGroup(
    aws,
    'orchestration/logs/crawl',
    names.logGroup('crawl'),
    { retentionDays: environment.compute.logRetentionDays, keyArn: () => key.attributes.arn },
    { dependsOn: [key] },
  )
  const machine = new StateMachine(
    aws,
    'orchestration/crawl',
    names.stateMachine('crawl'),
    {
      definition: () => JSON.stringify(crawlDefinition(crawler.attributes.name)),
      roleArn: () => role.attributes.arn,
      logGroupArn: () => logs.attributes.arn,
      logLevel: 'ERROR',
      tracing: true,
      keyArn: () => key.attributes.arn,
    },
    { dependsOn: [role, logs, key, crawler] },
  )
  return { crawler, machine, resources: [crawler, role, logs, machine] }
}
