import { expect } from 'chai'
import { parseConfig } from '../../src/config/load.js'
import { UsageError } from '../../src/errors.js'

function messages(dataset: object): string[] {
  try {
    parseConfig(JSON.stringify({ datasets: { t: dataset } }), 'f')
    return []
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    const { problems } = error.result as { problems: { message: string }[] }
    return problems.map(({ message }) => message)
  }
}

describe('the format of a dataset', () => {
  const good: object[] = [
    { type: 'tsv' },
    { type: 'tsv', delimiter: '\t' },
    { escape: '\\', comment: '#', encoding: 'windows-1252', header: false },
    { type: 'jsonl', encoding: 'utf-16' },
    { type: 'xlsx', header: false },
  ]
  for (const format of good) {
    it(`${JSON.stringify(format)} is fine`, () => expect(messages({ format })).to.deep.equal([]))
  }

  const bad: [format: object, message: string][] = [
    [{ delimiter: '"' }, '`datasets.t.format.quote` must not be the same character as the delimiter.'],
    [
      { type: 'tsv', delimiter: ';' },
      '`datasets.t.format.delimiter` is the tab in a tsv file; leave it out, or use type csv.',
    ],
    [
      { type: 'tsv', quote: '\t' },
      '`datasets.t.format.quote` must not be the same character as the delimiter.',
    ],
    [{ escape: ',' }, '`datasets.t.format.escape` must not be the same character as the delimiter.'],
    [
      { comment: '"' },
      '`datasets.t.format.comment` must not be the same character as the delimiter or the quote.',
    ],
    [{ type: 'jsonl', comment: '#' }, '`datasets.t.format.comment` does not go with type jsonl.'],
    [{ type: 'parquet', escape: '\\' }, '`datasets.t.format.escape` does not go with type parquet.'],
    [
      { type: 'jsonl', header: false },
      '`datasets.t.format.header` does not go with type jsonl, which names its columns itself.',
    ],
    [
      { type: 'xlsx', encoding: 'latin-1' },
      '`datasets.t.format.encoding` does not go with type xlsx, which is no text.',
    ],
  ]
  for (const [format, message] of bad) {
    it(`${JSON.stringify(format)} is not`, () => expect(messages({ format })).to.deep.equal([message]))
  }

  it('sheets go with a workbook, and several of them with sql', () => {
    const xlsx = { type: 'xlsx' }
    expect(messages({ sheets: { A: null } })).to.deep.equal([
      '`datasets.t.sheets` goes with `format.type: xlsx`.',
    ])
    expect(messages({ format: xlsx, sheets: {} })).to.deep.equal([
      '`datasets.t.sheets` names no sheet; leave it out to read the first one.',
    ])
    expect(messages({ format: xlsx, sheets: { A: null, B: null } })).to.deep.equal([
      '`datasets.t.sheets` names several sheets, which become a table only by `sql` or `tables`.',
    ])
    expect(messages({ format: xlsx, sheets: { A: null } })).to.deep.equal([])
    expect(messages({ format: xlsx, sheets: { A: null, B: null }, sql: 'select 1' })).to.deep.equal([])
  })
})
