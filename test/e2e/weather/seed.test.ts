import { expect } from 'chai'
import type { AwsRequest } from '../../support/realism/request.js'
import { FAULT_KINDS } from '../../support/weather/kinds.js'
import { scenarioOf } from '../../support/weather/variants.js'
import { Weather, type WeatherOptions } from '../../support/weather/weather.js'

const call = (name: string): AwsRequest => {
  const [service = '', action = ''] = name.split(':')
  return { service, action, region: '', method: 'PUT', params: { Key: '' }, headers: {}, body: Buffer.of() }
}
const CALLS = ['iam:CreateRole', 's3:CreateBucket', 'ec2:CreateVpc', 'kms:ListKeys'].flatMap((name) =>
  Array.from({ length: 200 }, () => name),
)
const strike = (calls: readonly string[], options: Partial<WeatherOptions> = {}) => {
  const weather = new Weather({ seed: 7, ...options })
  for (const name of calls) weather.strike(call(name))
  return weather.injected.map(({ call: which, kind }) => `${which} ${kind}`)
}

describe('the seed of the weather', () => {
  it('brings the same faults again, and another seed others', () => {
    expect(strike(CALLS)).to.deep.equal(strike(CALLS))
    expect(strike(CALLS, { seed: 8 })).not.to.deep.equal(strike(CALLS))
  })

  it('brings the same faults to the same calls, in whatever order different ones arrive', () => {
    const mixed = CALLS.map((_, index) => CALLS[(index * 201) % CALLS.length]!)
    expect(mixed).not.to.deep.equal(CALLS)
    expect(strike(mixed).sort()).to.deep.equal(strike(CALLS).sort())
  })

  it('strikes about as many calls as it is told to, in every way that applies to them', () => {
    const share = strike(CALLS, { rate: 0.05 }).length / CALLS.length
    expect(share).to.be.within(0.03, 0.07)
    expect(strike(CALLS, { rate: 0 })).to.deep.equal([])
    const kinds = new Set(strike(CALLS, { rate: 1 }).map((struck) => struck.split(' ')[1]))
    const elsewhere = ['cut-during', 'expired', 'unseen', 'refused-role']
    expect([...kinds].sort()).to.deep.equal(FAULT_KINDS.filter((kind) => !elsewhere.includes(kind)).sort())
  })

  it('ends the session of some commands, at a call that it chooses, until the next command', () => {
    const weather = new Weather({ seed: 7, rate: 0, expiryRate: 0.5 })
    const ends = Array.from({ length: 40 }, () => {
      weather.startCommand()
      return Array.from({ length: 250 }, () => weather.strike(call('kms:ListKeys')).kind).indexOf('expired')
    })
    expect(ends.filter((end) => end >= 0)).to.have.length.within(10, 30)
    expect(new Set(ends).size).to.be.greaterThan(8)
  })

  it('chooses scenarios that differ', () => {
    const scenarios = Array.from({ length: 200 }, (_, seed) => scenarioOf(seed))
    expect(new Set(scenarios.map(({ variants }) => variants[1])).size).to.equal(12)
    for (const { variants } of scenarios) expect(variants[0]).not.to.equal(variants[1])
    expect(new Set(scenarios.map(({ files }) => files.length))).to.deep.equal(new Set([1, 2, 3]))
    expect(scenarioOf(5)).to.deep.equal(scenarioOf(5))
  })
})
