import { expect } from 'chai'
import { configSchema } from '../../src/config/schema.js'
import { resolveEnvironment } from '../../src/config/environments.js'
import { environmentResources } from '../../src/pipeline/environment.js'
import { testContext } from '../support/resource.js'

const aws = testContext()

function idsOf(file: object): string[] {
  const environment = resolveEnvironment(configSchema.parse({ project: 'sensors', ...file }), 'dev')
  const { all } = environmentResources(aws, environment, { zoneIds: ['use1-az1', 'use1-az2'], version: '1' })
  return all.map(({ id }) => id)
}

const added = (file: object): string[] => {
  const before = new Set(idsOf({}))
  return idsOf(file).filter((id) => !before.has(id))
}
const BACKFILL = ['security/role/sfn-backfill', 'orchestration/logs/backfill', 'orchestration/backfill']
const SCHEDULE = ['security/role/scheduler', 'schedule/group', 'schedule/sweep']

describe('backfill and schedule in the environment', () => {
  it('are off by default, also when only the time zone is set', () => {
    expect(idsOf({}).filter((id) => /schedul|backfill/.test(id))).to.deep.equal([])
    expect(added({ schedule: { timezone: 'Europe/Stockholm' }, compute: { spot: true } })).to.deep.equal([])
  })

  it('come together with a cron expression; the backfill alone when it is asked for', () => {
    expect(added({ schedule: { cron: '0 6 1 * ? *' } })).to.have.members([...BACKFILL, ...SCHEDULE])
    expect(added({ schedule: { cron: '0 6 1 * ? *', enabled: false } })).to.have.length(6)
    expect(added({ backfill: true })).to.have.members(BACKFILL)
  })

  it('can be set for one environment alone', () => {
    const schedule = { cron: '0 6 1 * ? *' }
    expect(added({ environments: { dev: { schedule } } })).to.have.length(6)
    expect(added({ environments: { dev: {}, prod: { schedule } } })).to.deep.equal([])
  })
})

describe('the configuration of the schedule', () => {
  const accepts = (schedule: object) => configSchema.safeParse({ schedule }).success

  for (const cron of ['0 6 1 * ? *', '0 6 ? * MON-FRI *', '0/15 6,18 L * ? 2026-2030', '0 6 ? * 2#1 *']) {
    it(`takes ${cron}`, () => {
      expect(accepts({ cron })).to.equal(true)
    })
  }
  for (const cron of [
    '',
    '0 6 1 * *',
    '0 6 1 * * *',
    '0 6 ? * ? *',
    'cron(0 6 1 * ? *)',
    '0  6 1 * ? *',
    '@monthly',
  ]) {
    it(`refuses "${cron}"`, () => {
      expect(accepts({ cron })).to.equal(false)
    })
  }

  it('takes time zones that exist', () => {
    expect(accepts({ timezone: 'Europe/Stockholm' })).to.equal(true)
    expect(accepts({ timezone: 'Europe/Gothenburg' })).to.equal(false)
  })
})
