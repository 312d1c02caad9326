import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Preparation, Scenario } from '../../support/kill/scenario.js'
import { must, PENDING } from './prepare.js'

const BEFORE = `
project: kill
network: { egress: nat }
compute: { spot: true }
notify: { email: [ops@example.com] }
monitoring: { alarms: true }
`
/** Creates (schedule, endpoints, crawler), updates (retention, spot), replaces (all of the network), deletes (NAT, topic). */
const AFTER = `
project: kill
network: { cidr: 10.40.0.0/16, egress: endpoints }
compute: { logRetentionDays: 90 }
schedule: { cron: "0 6 1 * ? *", timezone: Europe/Stockholm }
catalog: { crawler: schedule }
monitoring: { dashboard: true }
`

const CHANGED: Preparation = {
  make: async (place) => {
    const file = join(place.folder, 'datapipe.yaml')
    await writeFile(file, BEFORE)
    await must(place, 'up', '--env', 'dev')
    await writeFile(file, AFTER)
  },
}

/** The environment as a whole: made, changed, removed. */
export const ENVIRONMENT: Scenario[] = [
  { name: 'up', command: ['up', '--env', 'dev'], sample: 2 },
  {
    name: 'up that creates, updates, replaces and deletes',
    prepared: CHANGED,
    command: ['up', '--env', 'dev', '--yes'],
    sample: 1,
  },
  {
    name: 'down',
    prepared: PENDING,
    command: ['down', '--env', 'dev', '--confirm', 'dev'],
    sample: 1,
  },
  {
    name: 'down --delete-data',
    prepared: PENDING,
    command: ['down', '--env', 'dev', '--delete-data', '--confirm', 'dev'],
    sample: 1,
  },
]
