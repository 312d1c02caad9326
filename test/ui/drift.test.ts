import { expect } from 'chai'
import pc from 'picocolors'
import type { DriftResult } from '../../src/operate/drift/drift.js'
import { renderDrift } from '../../src/ui/drift.js'
import { VERSION } from '../../src/version.js'

const lastUp = {
  kind: 'last-up' as const,
  at: '2026-03-04T05:06:07.890Z',
  datapipe: VERSION,
  unfinishedSince: null,
  configurationChanged: false,
}
const item = { type: 'AWS::SQS::Queue', physicalId: 'arn:q', differences: [], detail: null }

describe('renderDrift', () => {
  const render = (result: Partial<DriftResult>) => {
    const out: string[] = []
    const info: string[] = []
    renderDrift({ baseline: lastUp, drift: [], compared: 37, notCompared: [], kept: [], ...result }, 'prod', {
      out: (text) => out.push(text),
      info: (text) => info.push(text),
      colors: pc.createColors(false),
    })
    return { out: out.join('\n'), info: info.join('\n') }
  }

  it('puts nothing on stdout when there is nothing', () => {
    expect(render({})).to.deep.equal({
      out: '',
      info: 'prod: no drift. 37 resources are as the `up` of 2026-03-04 05:06 UTC left them.',
    })
  })

  it('lists each thing with what was expected and found, and what to do about it', () => {
    const { info, out } = render({
      drift: [
        {
          ...item,
          id: 'messaging/failed',
          state: 'changed',
          differences: [{ path: 'visibilitySeconds', expected: 300, found: 7 }],
        },
        { ...item, id: 'compute/cluster', state: 'deleted', physicalId: null },
        { ...item, id: 'compute/logs', state: 'foreign', detail: 'It has no tags.' },
        { ...item, id: 'compute/logs', state: 'duplicate' },
      ],
      notCompared: ['network/routes/public'],
    })
    expect(info).to.equal('')
    expect(out).to.equal(
      [
        '~ changed messaging/failed (AWS::SQS::Queue) arn:q',
        '    visibilitySeconds: expected 300, found 7',
        '- deleted compute/cluster (AWS::SQS::Queue)',
        '! foreign compute/logs (AWS::SQS::Queue) arn:q',
        '    It has no tags.',
        '! duplicate compute/logs (AWS::SQS::Queue) arn:q',
        '',
        'prod: 3 resources not as the `up` of 2026-03-04 05:06 UTC left them.',
        '`datapipe up` puts back what was changed or deleted, and deletes what is left over; look at `datapipe plan` first.',
        'What is foreign stops every `up`, until --adopt takes it over or it is renamed.',
        'Of what is there twice, remove one or its datapipe: tags.',
        'Not compared, because of that: network/routes/public.',
      ].join('\n'),
    )
  })

  it('says what it cannot tell', () => {
    expect(render({ baseline: { kind: 'configuration' } }).info).to.contain(
      'edits of datapipe.yaml cannot be told from changes by hand',
    )
    const { info } = render({
      baseline: {
        ...lastUp,
        datapipe: '0.0.1',
        unfinishedSince: '2026-03-05T00:00:00.000Z',
        configurationChanged: true,
      },
    })
    expect(info).to.contain('began on 2026-03-05 00:00 UTC and is not known to have ended')
    expect(info).to.contain(
      `That was datapipe 0.0.1; what this version, ${VERSION}, makes otherwise shows, too.`,
    )
    expect(info).to.contain('datapipe.yaml was edited since; that is no drift.')
  })

  it('names what an earlier configuration left behind, which is no drift', () => {
    const kept = [{ id: 'storage/old', type: 'AWS::S3::Bucket', physicalId: 'old', reason: 'holds data' }]
    const { info, out } = render({ kept })
    expect(out).to.equal('')
    expect(info).to.contain('Left over, and left alone: storage/old (holds data).')
  })
})
