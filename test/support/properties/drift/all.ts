import type { Drift } from '../drift.js'
import { catalogDrift } from './catalog.js'
import { computeDrift } from './compute.js'
import { endpointDrift } from './endpoints.js'
import { ingestionDrift } from './ingestion.js'
import { messagingDrift } from './messaging.js'
import { monitoringDrift } from './monitoring.js'
import { networkDrift } from './network.js'
import { orchestrationDrift } from './orchestration.js'
import { securityDrift } from './security.js'
import { storageDrift } from './storage.js'
import { idTagsDrift, tagsDrift } from './tags.js'

/** Everything that somebody can change by hand, as far as an emulator lets him. */
export const rows: readonly Drift[] = [
  ...catalogDrift,
  ...computeDrift,
  ...endpointDrift,
  ...ingestionDrift,
  ...messagingDrift,
  ...monitoringDrift,
  ...networkDrift,
  ...orchestrationDrift,
  ...securityDrift,
  ...storageDrift,
  ...tagsDrift,
  ...idTagsDrift,
]
