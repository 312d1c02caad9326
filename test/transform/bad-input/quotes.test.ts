import { expect } from 'chai'
import { transformText, Workplace } from '../support/files.js'

describe('a stray quote that another one closes', () => {
  let place: Workplace
  beforeEach(async () => {
    place = await Workplace.make()
  })
  afterEach(() => place.remove())

  it('costs the two lines that have one, and not those between them', async () => {
    const { rows, rejected } = await transformText(
      place,
      'id,value,name\n1,1,"open\n2,2,x\n3,3,",y\n4,4,z\n',
      {
        columns: { id: 'integer', value: 'double', name: 'string' },
      },
    )
    expect(rows.map(({ id }) => id)).to.deep.equal([2, 4])
    expect(rejected.map(({ line, raw, reason }) => [line, raw, reason])).to.deep.equal([
      [2n, '1,1,"open', 'has 4 fields instead of 3'],
      [4n, '3,3,",y', 'its quoting is broken: text follows a closing quote, or a quote is never closed'],
    ])
  })
})
