import { expect } from 'chai'
import { renderDown } from '../../src/ui/down.js'

const place = { account: '123456789012', env: 'dev', region: 'eu-north-1' }
const queue = { id: 'messaging/failed', type: 'AWS::SQS::Queue', physicalId: 'dp-dev-failed' }
const nothing = { deleted: [], foreign: [], leftovers: [], retained: [], verifiedEmpty: true }

describe('the end of down', () => {
  it('says where nothing is left', () => {
    expect(renderDown({ ...nothing, deleted: [queue] }, place)).to.equal(
      '1 resource deleted.\ndev: verified empty, in eu-north-1 of account 123456789012',
    )
  })

  it('names what is not ours and was left alone', () => {
    expect(renderDown({ ...nothing, foreign: [queue] }, place)).to.equal(
      [
        '0 resources deleted.',
        'Not ours, without our tags, and left alone:',
        '  messaging/failed  dp-dev-failed',
        'dev: verified empty, in eu-north-1 of account 123456789012',
      ].join('\n'),
    )
  })

  it('names what is kept with the data', () => {
    const text = renderDown({ ...nothing, retained: [queue], verifiedEmpty: false }, place)
    expect(text).to.contain('Kept, with the data:\n  messaging/failed  dp-dev-failed')
    expect(text).to.match(/nothing left but the data/)
  })
})
