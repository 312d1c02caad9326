import { expect } from 'chai'
import type { TransformEvent } from '../../../src/transform/types.js'
import { failure, transformText, Workplace } from '../support/files.js'

describe('dialects', () => {
  let place: Workplace
  beforeEach(async () => (place = await Workplace.make()))
  afterEach(() => place.remove())

  describe('tsv', () => {
    it('divides at tabs, and a comma is text', async () => {
      const { rows } = await transformText(place, 'a\tb\n1\tx,y\n2\t"t\tb"\n', { format: { type: 'tsv' } })
      expect(rows).to.deep.equal([
        { a: 1n, b: 'x,y' },
        { a: 2n, b: 't\tb' },
      ])
    })
  })

  describe('no header', () => {
    const format = { header: false }

    it('takes the declared columns by position, and the first line is a row', async () => {
      const columns = { id: 'integer', name: 'string' }
      const { rows, rowsIn } = await transformText(place, '1,x\n2,y\n', { format, columns })
      expect(rowsIn).to.equal(2)
      expect(rows).to.deep.equal([
        { id: 1, name: 'x' },
        { id: 2, name: 'y' },
      ])
    })

    it('calls the columns column_1, column_2, … when nobody declared them', async () => {
      const { rows } = await transformText(place, '\ufeff1,x\n2,y\n', { format })
      expect(rows).to.deep.equal([
        { column_1: 1n, column_2: 'x' },
        { column_1: 2n, column_2: 'y' },
      ])
    })

    it('keeps its first row from a clean copy as well, with quotes, blank lines and a bad row', async () => {
      const { rows, rejected } = await transformText(place, '\n1,x"y\n\n2\n"3","z"\n', {
        format,
        columns: { id: 'integer', name: 'string' },
      })
      expect(rows).to.deep.equal([
        { id: 1, name: 'x"y' },
        { id: 3, name: 'z' },
      ])
      expect(rejected.map(({ line, raw }) => ({ line, raw }))).to.deep.equal([{ line: 4n, raw: '2' }])
    })

    it('rejects a first row with too few fields, not the rest', async () => {
      const columns = { a: 'string', b: 'string' }
      const { rows, rejected } = await transformText(place, '1\n2,y\n', { format, columns })
      expect(rows).to.deep.equal([{ a: '2', b: 'y' }])
      expect(rejected.map(({ reason }) => reason)).to.deep.equal(['has 1 field instead of 2'])
    })

    it('takes the columns of the table that is there', async () => {
      const contract = [
        { name: 'id', type: 'bigint' },
        { name: 'name', type: 'string' },
      ]
      const { rows } = await transformText(place, '1,x\n', { format }, { contract })
      expect(rows).to.deep.equal([{ id: 1n, name: 'x' }])
    })
  })

  describe('comments', () => {
    const format = { comment: '#' }

    async function notes(text: string, config: object): Promise<{ rows: unknown[]; events: string[] }> {
      const events: TransformEvent[] = []
      const { rows } = await transformText(place, text, config, { onEvent: (event) => events.push(event) })
      return {
        rows,
        events: events.flatMap((event) => ('code' in event ? [`${event.code} ${event.message}`] : [])),
      }
    }

    it('are passed over before the header and between rows, and counted', async () => {
      const { rows, events } = await notes('# made by x, y\na,b\n1,x\n#2,y\n3,"#4\n#5"\n', { format })
      expect(rows).to.deep.equal([
        { a: 1n, b: 'x' },
        { a: 3n, b: '#4\n#5' },
      ])
      expect(events[0]).to.equal('COMMENT_LINES 2 comment lines were passed over.')
    })

    it('are rows when nobody configured them', async () => {
      expect((await notes('a,b\n#1,x\n', {})).rows).to.deep.equal([{ a: '#1', b: 'x' }])
    })

    it('a file without any is read directly', async () => {
      expect((await notes('a,b\n1,x#y\n', { format })).events).to.deep.equal([])
    })

    it('do not hide a file without rows', async () => {
      const error = await failure(transformText(place, '# a\n# b\n', { format }))
      expect(error.message).to.match(/holds nothing but blank lines and comments\.$/)
      expect((await failure(transformText(place, 'a,b\n# b\n', { format }))).code).to.equal(
        'FILE_HAS_NO_ROWS',
      )
    })

    it('keep the line numbers of rejected rows right', async () => {
      const columns = { a: 'integer', b: 'string' }
      const { rejected } = await transformText(place, '#\r\na,b\r\n#\r\nx,1\r\n', { format, columns })
      expect(rejected.map(({ line }) => line)).to.deep.equal([4n])
    })
  })

  describe('an escape', () => {
    const format = { escape: '\\' }

    it('before a quote or itself makes that text; before anything else it is text', async () => {
      const text = String.raw`a,b
1,"say \"hi\", then \\"
2,"C:\new"
3,\"
4,plain
`
      const { rows, rejected } = await transformText(place, text, { format })
      expect(rejected).to.deep.equal([])
      expect(rows).to.deep.equal([
        { a: 1n, b: String.raw`say "hi", then \ `.trimEnd() },
        { a: 2n, b: String.raw`C:\new` },
        { a: 3n, b: String.raw`\"` },
        { a: 4n, b: 'plain' },
      ])
    })

    it('doubled quotes are then broken quoting', async () => {
      const { rows, rejected } = await transformText(place, 'a,b\n1,"x""y"\n2,"z"\n', { format })
      expect(rows).to.deep.equal([{ a: 2n, b: 'z' }])
      expect(rejected.map(({ line }) => line)).to.deep.equal([2n])
    })

    it('over several lines, and rejected rows are found by their own text', async () => {
      const text = 'a,b\n"1","x \\"\ny"\nno,"\\"z\\""\n'
      const { rows, rejected } = await transformText(place, text, {
        format,
        columns: { a: 'integer', b: 'string' },
      })
      expect(rows).to.deep.equal([{ a: 1, b: 'x "\ny' }])
      expect(rejected.map(({ line, raw }) => ({ line, raw }))).to.deep.equal([
        { line: 4n, raw: 'no,"\\"z\\""' },
      ])
    })
  })

  const configs: [name: string, format: object, code: string][] = [
    ['an escape of two bytes', { escape: '§' }, 'INVALID_ESCAPE'],
    ['an escape that is the delimiter', { escape: ',' }, 'INVALID_ESCAPE'],
    ['a comment that is the quote', { comment: '"' }, 'INVALID_COMMENT'],
    ['a comment that is the delimiter', { comment: ',' }, 'INVALID_COMMENT'],
  ]
  for (const [name, format, code] of configs) {
    it(`${name}: ${code}`, async () => {
      const error = await failure(transformText(place, 'a,b\n1,2\n', { format }))
      expect(error.code).to.equal(code)
      expect(error.exitCode).to.equal(2)
    })
  }
})
