import { strToU8, zipSync } from 'fflate'
import { expect } from 'chai'
import { failure, transformText, Workplace } from '../support/files.js'

describe('files that are not what the dataset says', () => {
  let place: Workplace
  beforeEach(async () => (place = await Workplace.make()))
  afterEach(() => place.remove())

  const COLUMNS = { id: 'integer', name: 'string' }

  it('columns in another order are the same columns', async () => {
    const { rows } = await transformText(place, 'name,id\nx,1\n', { columns: COLUMNS })
    expect(rows).to.deep.equal([{ id: 1, name: 'x' }])
  })

  it('a renamed column is a missing one, and nothing is published', async () => {
    const error = await failure(transformText(place, 'id,title\n1,x\n', { columns: COLUMNS }))
    expect(error.code).to.equal('MISSING_COLUMN')
    expect(error.message).to.match(/has no column "name", .* Its header: id, title\.$/)
    expect(await place.published()).to.deep.equal([])
  })

  it('a .csv that is really a ZIP of one, and what to do', async () => {
    const error = await failure(transformText(place, zipSync({ 'data.csv': strToU8('a,b\n1,2\n') })))
    expect(error.code).to.equal('FILE_NOT_TEXT')
    expect(error.message).to.match(/is a ZIP archive or an Excel workbook \(\.xlsx\), not CSV text\.$/)
    expect(error.suggestions).to.deep.equal(['If that is what it should be, set `format.type: xlsx`.'])
  })

  const others: [what: string, content: Uint8Array][] = [
    ['a bzip2 archive', strToU8('BZh91AY')],
    ['an xz archive', Buffer.from('fd377a585a0000', 'hex')],
    ['a PDF', strToU8('%PDF-1.7')],
  ]
  for (const type of ['csv', 'tsv', 'jsonl']) {
    for (const [what, content] of others) {
      it(`${what} as ${type}: FILE_NOT_TEXT`, async () => {
        const error = await failure(transformText(place, content, { format: { type } }))
        expect(error.code).to.equal('FILE_NOT_TEXT')
        expect(error.message).to.include(` is ${what}, not `)
      })
    }
  }
})
