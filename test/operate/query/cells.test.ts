import { expect } from 'chai'
import { cellText, ExactNumber } from '../../../src/operate/query/cells.js'
import { csvHeader, csvRows } from '../../../src/operate/query/csv.js'

describe('exact numbers in JSON', () => {
  const cases: [text: string, json: string][] = [
    ['5', '5'],
    ['9007199254740991', '9007199254740991'],
    ['9007199254740992', '"9007199254740992"'],
    ['-170141183460469231731687303715884105728', '"-170141183460469231731687303715884105728"'],
    ['1.50', '1.5'],
    ['0.000000000000001', '1e-15'],
    ['123456789012.345', '123456789012.345'],
    ['1234567890123456.78', '"1234567890123456.78"'],
  ]
  for (const [text, json] of cases) {
    it(`${text} is ${json}`, () => {
      expect(JSON.stringify({ x: new ExactNumber(text) })).to.equal(`{"x":${json}}`)
    })
  }

  it('keep all their digits as text', () => {
    expect(cellText(new ExactNumber('1.50'))).to.equal('1.50')
  })
})

describe('CSV', () => {
  it('is as RFC 4180 says, and tells null from empty text', () => {
    const columns = [
      { name: 'a', type: 'varchar' },
      { name: 'say "hi"', type: 'varchar' },
    ]
    expect(csvHeader(columns)).to.equal('a,"say ""hi"""\r\n')
    const rows = [
      ['x,y', 'line\nbreak'],
      [null, ''],
      ['quote"d', ' kept '],
      [1.5, true],
      [['a', 1], { b: null }],
    ]
    expect(csvRows(rows)).to.equal(
      '"x,y","line\nbreak"\r\n,""\r\n"quote""d", kept \r\n1.5,true\r\n"[""a"",1]","{""b"":null}"\r\n',
    )
  })
})
