import type { AwsContext } from '../aws/context.js'
import type { Environment } from '../config/schema.js'
import type { AwsResource } from '../resources/resource.js'
import { catalog, type Catalog } from './catalog.js'
import { compute, type Compute } from './compute.js'
import { messaging, type Messaging } from './messaging.js'
import { network, type Network } from './network.js'
import { orchestration, type Orchestration } from './orchestration.js'
import { security, type Security } from './security.js'
import { storage, type Storage } from './storage.js'

/** Everything an environment consists of, wired up but not looked at yet. */
export interface EnvironmentResources {
  network: Network
  security: Security
  storage: Storage
  messaging: Messaging
  compute: Compute
  catalog: Catalog
  orchestration: Orchestration
  all: AwsResource[]
}

export interface EnvironmentOptions {
  /** Availability zone ids for the subnets. */
  zoneIds: string[]
  /** Version of datapipe. */
  version: string
}

export function environmentResources(
  aws: AwsContext,
  environment: Environment,
  { zoneIds, version }: EnvironmentOptions,
): EnvironmentResources {
  const securityPart = security(aws, environment)
  const storagePart = storage(aws, environment, securityPart)
  const parts = {
    security: securityPart,
    storage: storagePart,
    network: network(aws, environment, zoneIds),
    messaging: messaging(aws, environment, securityPart),
    compute: compute(aws, environment, securityPart, storagePart, version),
    catalog: catalog(aws, environment, securityPart, storagePart),
  }
  const orchestrationPart = orchestration(aws, environment, parts)
  const all = [...Object.values(parts), orchestrationPart].flatMap((part) => part.resources)
  return { ...parts, orchestration: orchestrationPart, all }
}
