import type { AwsContext } from '../aws/context.js'
import type { FargateQuotas } from '../aws/service-quotas.js'
import type { Environment } from '../config/schema.js'
import type { AwsResource } from '../resources/resource.js'
import { backfill, type Backfill } from './backfill.js'
import { catalog, type Catalog } from './catalog.js'
import { compute, type Compute } from './compute.js'
import type { ImageChoice } from './image.js'
import { ingestion, type Ingestion } from './ingestion.js'
import { crawl, type Crawl } from './crawl.js'
import { glue, type Glue } from './glue.js'
import { messaging, type Messaging } from './messaging.js'
import { monitoring } from './monitoring.js'
import { network, type Network } from './network.js'
import { orchestration, type Orchestration } from './orchestration.js'
import { schedule } from './schedule.js'
import { security, type Security } from './security.js'
import { spark, type Spark } from './spark.js'
import { storage, type Storage } from './storage.js'

/** Everything an environment consists of, wired up but not looked at yet. */
export interface EnvironmentResources {
  network: Network
  security: Security
  storage: Storage
  messaging: Messaging
  compute: Compute
  catalog: Catalog
  glue: Glue
  crawl: Crawl
  spark: Spark
  orchestration: Orchestration
  /** Only when it is configured. */
  backfill: Backfill | undefined
  /** Files from a file server; undefined where `datasync` is not configured. */
  ingestion: Ingestion | undefined
  all: AwsResource[]
}

export interface EnvironmentOptions {
  /** Availability zone ids for the subnets. */
  zoneIds: string[]
  /** Version of datapipe. */
  version: string
  /** Which image the tasks run, where datapipe builds it; left out where none is to be made. */
  image?: ImageChoice
  /** There is a key of the hashes of personal data already. */
  hasPiiKey?: boolean
  /** Left out: tasks of any size can start. */
  fargate?: FargateQuotas
}

export function environmentResources(
  aws: AwsContext,
  environment: Environment,
  { zoneIds, version, fargate, hasPiiKey, image }: EnvironmentOptions,
): EnvironmentResources {
  const securityPart = security(aws, environment)
  const storagePart = storage(aws, environment, securityPart, { hasPiiKey })
  const gluePart = glue(aws, environment, securityPart)
  const catalogPart = catalog(aws, environment, securityPart, storagePart)
  const parts = {
    security: securityPart,
    storage: storagePart,
    network: network(aws, environment, zoneIds, storagePart.logs),
    messaging: messaging(aws, environment, securityPart),
    compute: compute(aws, environment, securityPart, storagePart, { version, choice: image }),
    catalog: catalogPart,
    glue: gluePart,
    crawl: crawl(aws, environment, {
      security: securityPart,
      storage: storagePart,
      glue: gluePart,
      database: catalogPart.database,
    }),
    spark: spark(aws, environment, securityPart, storagePart, gluePart),
  }
  const orchestrationPart = orchestration(aws, environment, { ...parts, fargate })
  const backfillPart = backfill(aws, environment, { ...parts, worker: orchestrationPart.worker })
  const schedulePart = schedule(aws, environment, { ...parts, backfill: backfillPart })
  const ingestionPart = ingestion(aws, environment, parts)
  const monitoringPart = monitoring(aws, environment, {
    ...parts,
    orchestration: orchestrationPart,
    machines: backfillPart === undefined ? [] : [backfillPart.machine],
  })
  const all = [
    ...Object.values(parts),
    orchestrationPart,
    ingestionPart,
    backfillPart,
    schedulePart,
    monitoringPart,
  ].flatMap((part) => part?.resources ?? [])
  return { ...parts, ingestion: ingestionPart, orchestration: orchestrationPart, backfill: backfillPart, all }
}
