import { expect } from 'chai'
import type { Generation, Manifest } from '../../../src/transform/merge/manifest.js'
import { advanced, KEPT_DAYS, KEPT_GENERATIONS } from '../../../src/transform/merge/retention.js'

const START = Date.parse('2026-01-01T00:00:00Z')
const HOUR_MS = 3_600_000

describe('retention of generations', () => {
  const generation = (number: number, hours: number): Generation => ({
    number,
    location: `g${number}/`,
    runId: `r${number}`,
    at: new Date(START + hours * HOUR_MS).toISOString(),
    files: [],
    rows: 0,
    key: [],
    sources: [],
  })
  /** One load every so many hours. */
  const loaded = (times: number, everyHours: number): Manifest => {
    let manifest: Manifest = {
      schemaVersion: 1,
      table: 't',
      partition: {},
      current: generation(1, 0),
      history: [],
    }
    for (let number = 2; number <= times; number++) {
      const next = generation(number, (number - 1) * everyHours)
      manifest = advanced(manifest, next, new Date(next.at))
    }
    return manifest
  }
  const kept = ({ history }: Manifest) => history.map(({ number }) => number)

  it('keeps what readers saw within the last days', () => {
    // Generation n was replaced at hour 6n.
    const manifest = loaded(100, 6)
    const oldest = 99 - (KEPT_DAYS * 24) / 6
    expect(kept(manifest)).to.deep.equal(
      Array.from({ length: 99 - oldest + 1 }, (_, index) => oldest + index),
    )
  })

  it('keeps some of a partition that is rarely loaded, however old', () => {
    expect(kept(loaded(20, 24 * 30))).to.deep.equal(
      Array.from({ length: KEPT_GENERATIONS }, (_, index) => 20 - KEPT_GENERATIONS + index),
    )
  })

  it('keeps all of a busy hour', () => {
    expect(kept(loaded(60, 0.01))).to.have.length(59)
  })
})
