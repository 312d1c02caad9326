import { expect } from 'chai'
import type { DownResult } from '../../src/operate/provision/down.js'
import type { PlanResult } from '../../src/operate/provision/plan.js'
import type { UpResult } from '../../src/operate/provision/up.js'
import { User } from '../support/cli.js'
import { present, snapshot } from '../support/snapshot.js'

/** Every option that an environment has. */
const everything = (network: string) => `
project: everything
network: { ${network}, flowLogs: s3, networkAcls: true }
compute: { spot: true, maxConcurrency: 5, logRetentionDays: 90 }
schedule: { cron: "0 6 1 * ? *", timezone: Europe/Stockholm }
backfill: true
notify: { email: [ops@example.com], onSuccess: true }
monitoring: { alarms: true, dashboard: true, noSuccessDays: 7, rejectedRowsPerDay: 10, budgetMonthlyUsd: 50 }
catalog: { crawler: schedule, namedQueries: { rows: "select 1" } }
spark: { enabled: true }
datasync:
  location:
    type: smb
    host: files.example.com
    path: /share
    user: reader
    secretArn: arn:aws:secretsmanager:eu-north-1:123456789012:secret:files-AbCdEf
`
/** What only the options make: that `down` leaves none of it is shown below. */
const OPTIONAL = [
  'addresses',
  'alarms',
  'budgets',
  'crawlers',
  'dashboards',
  'dataSyncLocations',
  'dataSyncTasks',
  'flowLogs',
  'jobs',
  'namedQueries',
  'natGateways',
  'networkAcls',
  'scheduleGroups',
  'schedules',
  'securityConfigurations',
  'subscriptions',
]
const NOTHING = { created: 0, updated: 0, replaced: 0, deleted: 0 }

describe('an environment with every option on, through the built CLI', function () {
  this.timeout(300_000)
  let user: User
  let endpoint: string

  before(async () => {
    user = await User.create()
    endpoint = await user.startLocal()
  })
  after(() => user.leave())

  const up = async () => {
    const document = await user.json<UpResult>('up', '--env', 'local', '--yes')
    expect(document.code, JSON.stringify(document.error)).to.equal(0)
    return document.result
  }

  it('comes up, changes nothing the second time, switches its way out, and goes back to the default', async () => {
    await user.write('datapipe.yaml', everything('egress: nat-per-az, zones: 3'))
    const first = await up()
    expect(first.changes.created).to.equal(first.resources.length)
    expect((await up()).changes).to.include(NOTHING)
    expect(present(await snapshot(endpoint))).to.include.keys(OPTIONAL)

    await user.write('datapipe.yaml', everything('egress: endpoints, zones: 2'))
    const plan = await user.json<PlanResult>('plan', '--env', 'local')
    const deleted = plan.result.resources.filter(({ action }) => action === 'delete').map(({ id }) => id)
    expect(deleted).to.include.members(['network/nat/a', 'network/address/nat/a', 'network/subnet/private/c'])
    const switched = await up()
    expect(switched.changes.deleted).to.equal(deleted.length)
    expect((await up()).changes).to.include(NOTHING)

    await user.write('datapipe.yaml', 'project: everything\n')
    const refused = await user.json<UpResult>('up', '--env', 'local')
    expect([refused.code, refused.error?.code]).to.deep.equal([2, 'CONFIRMATION_REQUIRED'])
    await up()
    const plain = await up()
    expect(plain.changes).to.include(NOTHING)
    expect(
      plain.resources.filter(({ id }) => /nat|alarm|schedule|spark|crawl|backfill|query|ingestion/.test(id)),
    ).to.deep.equal([])

    const gone = await user.json<DownResult>('down', '--env', 'local', '--delete-data', '--yes')
    expect(gone.code, JSON.stringify(gone.error)).to.equal(0)
    expect(gone.result.verifiedEmpty).to.equal(true)
    expect(present(await snapshot(endpoint))).to.deep.equal({})
  })
})
