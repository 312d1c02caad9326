import { expect } from 'chai'
import { renderSummary } from '../../src/ui/summary.js'

const none = { created: 0, updated: 0, replaced: 0, deleted: 0, unchanged: 0 }

describe('renderSummary', () => {
  it('ends a run with outputs and what was done', () => {
    const text = renderSummary({
      changes: { ...none, created: 36, updated: 1, unchanged: 2 },
      outputs: { region: 'eu-north-1', rawBucket: 'dp-dev-raw', ports: [1, 2] },
      apiCalls: 1234,
      durationMs: 65_000,
    })
    expect(text).to.equal(
      [
        'Outputs',
        '  region     eu-north-1',
        '  rawBucket  dp-dev-raw',
        '  ports      [1,2]',
        '',
        '36 created, 1 updated, 2 unchanged. (1 min 05 s, 1,234 API calls)',
      ].join('\n'),
    )
  })

  it('prints outputs also when nothing changed', () => {
    const text = renderSummary({
      changes: { ...none, unchanged: 39 },
      outputs: { region: 'eu-north-1' },
      apiCalls: 1,
      durationMs: 900,
    })
    expect(text).to.equal(
      'Outputs\n  region  eu-north-1\n\nNothing changed: 39 resources as they should be. (900 ms, 1 API call)',
    )
  })
})
