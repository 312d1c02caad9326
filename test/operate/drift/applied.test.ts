import { expect } from 'chai'
import { resolveEnvironment } from '../../../src/config/environments.js'
import { parseConfig } from '../../../src/config/load.js'
import type { Environment } from '../../../src/config/schema.js'
import { environmentOf, isSame, settingsOf, type Applied } from '../../../src/operate/drift/applied.js'
import { EVERYTHING } from '../../support/properties/world.js'

const DATASETS = {
  temperature: {
    match: '*measurement_data.csv',
    format: { type: 'csv', delimiter: ',', decimal: '.', timezone: 'Europe/Stockholm' },
    columns: { start_time: 'timestamp', end_time: 'timestamp', measurement: 'double', samples: 'integer' },
    timeseries: { start: 'start_time', end: 'end_time', samples: 'samples' },
    partition: 'day(start_time)',
    key: ['start_time'],
    rejects: { max: '1%' },
    checks: ['measurement between -50 and 60'],
  },
}
const resolve = (settings: object, name = 'dev'): Environment =>
  resolveEnvironment(parseConfig(JSON.stringify(settings), 'datapipe.yaml'), name)
const note = (environment: Environment): Applied => ({
  schemaVersion: 1,
  datapipe: '1.0.0',
  at: '2026-01-01T00:00:00.000Z',
  settings: settingsOf(environment),
})

describe('the note of the last up', () => {
  it('brings back the environment that it was made of, whatever its settings', () => {
    for (const settings of [{}, { project: 'sensors' }, { ...EVERYTHING, datasets: DATASETS }]) {
      const environment = resolve(settings)
      const again = environmentOf(note(environment), environment)
      expect(settingsOf(again)).to.deep.equal(settingsOf(environment))
      expect(again.name).to.equal('dev')
    }
  })

  it('acts where the present environment acts, not where the last one did', () => {
    const then = resolve({ region: 'eu-west-1', environments: { dev: { account: '111122223333' } } })
    const now = resolve({ region: 'eu-north-1', environments: { dev: { profile: 'me', protect: true } } })
    const { account, profile, protect, region } = environmentOf(note(then), now)
    expect({ account, profile, protect, region }).to.deep.equal({
      account: undefined,
      profile: 'me',
      protect: true,
      region: 'eu-north-1',
    })
    expect(isSame(note(then), settingsOf(now))).to.equal(true)
  })

  it('is another one when a setting of a resource is', () => {
    const then = note(resolve({ datasets: DATASETS }))
    expect(isSame(then, settingsOf(resolve({ datasets: DATASETS })))).to.equal(true)
    expect(isSame(then, settingsOf(resolve({})))).to.equal(false)
    expect(isSame(then, settingsOf(resolve({ datasets: DATASETS, backfill: true })))).to.equal(false)
  })

  it('of a version with other settings is an error, not a guess', () => {
    const environment = resolve({})
    const strange = { ...note(environment), settings: { ...settingsOf(environment), teleport: true } }
    expect(() => environmentOf(strange, environment)).to.throw('teleport')
  })
})
