import { expect } from 'chai'
import { processingCost } from '../../../src/operate/provision/processing-cost.js'
import type { RunRecord } from '../../../src/transform/record.js'

const MIB = 1024 * 1024

/** A load as the cost looks at it. */
const load = (bytes: number, durationMs: number, status = 'succeeded') =>
  ({ status, durationMs, source: { bytes } }) as RunRecord

describe('processingCost', () => {
  it('takes a minute at least, so a small file costs what a minute of its task costs', () => {
    const [small] = processingCost('arm64', [load(10 * MIB, 5000)])
    const minute = (0.5 * 0.03238 + 2 * 0.00356) / 60
    expect(small!.usdPerFile).to.be.closeTo(minute + 12 * 0.000025, 1e-9)
    expect(small).to.include({ basis: 'measured' })
    expect(small!.usdPerGb).to.be.closeTo(small!.usdPerFile / ((10 * MIB) / 1e9), 1e-6)
  })

  it('measures where there were loads, and assumes elsewhere', () => {
    const costs = processingCost('x86_64', [load(500 * MIB, 30_000), load(500 * MIB, 1, 'failed')])
    expect(costs.map(({ basis }) => basis)).to.deep.equal(['assumed', 'measured', 'assumed', 'assumed'])
    const minute = (2 * 0.04048 + 8 * 0.004445) / 60
    expect(costs[1]!.usdPerGb).to.be.closeTo((minute + 12 * 0.000025) / ((500 * MIB) / 1e9), 1e-6)
  })

  it('does not take a few bytes for a measurement of a GB', () => {
    const [few] = processingCost('arm64', [load(180, 1100), load(78, 1100)])
    const [none] = processingCost('arm64', [])
    expect(few).to.deep.equal(none)
  })

  it('is dearer on x86 than on arm', () => {
    const arm = processingCost('arm64', [])
    const x86 = processingCost('x86_64', [])
    for (const [index, { usdPerGb }] of arm.entries()) expect(usdPerGb).to.be.lessThan(x86[index]!.usdPerGb)
  })
})
