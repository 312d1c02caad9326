import { expect } from 'chai'
import { renderTable } from '../../src/ui/table.js'

describe('renderTable', () => {
  it('aligns text left and numbers right, without lines, colours or trailing blanks', () => {
    const text = renderTable(
      ['name', 'rows', 'note'],
      [
        ['temperature', 1000000n, 'ok'],
        ['a', 7, null],
      ],
    )
    expect(text).to.equal(
      ['name            rows  note', 'temperature  1000000  ok', 'a                  7'].join('\n'),
    )
  })

  it('keeps one row on one line whatever is in it', () => {
    expect(renderTable(['a', 'b'], [['x\ny\tz\r', 'é漢']])).to.equal('a          b\nx\\ny\\tz\\r  é漢')
  })

  it('shows the columns when there are no rows', () => {
    expect(renderTable(['a', 'b'], [])).to.equal('a  b')
  })
})
