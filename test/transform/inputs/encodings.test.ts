import { expect } from 'chai'
import { failure, transformText, Workplace } from '../support/files.js'

describe('encodings', () => {
  let place: Workplace
  beforeEach(async () => (place = await Workplace.make()))
  afterEach(() => place.remove())

  const TEXT = 'id,name\n1,Åsa €uro\n2,𝄞 clef\n3,"two\nlines"\n'
  const ROWS = [
    { id: 1n, name: 'Åsa €uro' },
    { id: 2n, name: '𝄞 clef' },
    { id: 3n, name: 'two\nlines' },
  ]
  const le = (text: string) => Buffer.from(text, 'utf16le')
  const be = (text: string) => Buffer.from(text, 'utf16le').swap16()

  const utf16: [name: string, content: Buffer, encoding: string][] = [
    ['UTF-16 LE with a mark, although UTF-8 is configured', le(`\ufeff${TEXT}`), 'utf-8'],
    ['UTF-16 BE with a mark, although latin-1 is configured', be(`\ufeff${TEXT}`), 'latin-1'],
    ['UTF-16 LE without a mark', le(TEXT), 'utf-16'],
    ['UTF-16 BE without a mark', be(TEXT), 'utf-16'],
    ['UTF-8 with a mark, although UTF-16 is configured', Buffer.from(`\ufeff${TEXT}`), 'utf-16'],
  ]
  for (const [name, content, encoding] of utf16) {
    it(name, async () => {
      const { rows, columns } = await transformText(place, content, { format: { encoding } })
      expect(columns.map((column) => column.name)).to.deep.equal(['id', 'name'])
      expect(rows).to.deep.equal(ROWS)
    })
  }

  it('UTF-16 characters over the seams of what is read at once', async () => {
    const clefs = '𝄞'.repeat(600_000)
    for (const shift of ['', 'x']) {
      const { rows } = await transformText(place, le(`id,name\n1,${shift}${clefs}\n`), {
        format: { encoding: 'utf-16' },
      })
      expect(rows[0]?.name === shift + clefs).to.equal(true)
    }
  })

  it('half a character in UTF-16 costs its row', async () => {
    const content = le('id,name\n1,a\n2,b\ud800c\n3,\udc00\n4,\ufffd\n')
    const { rows, rejected } = await transformText(place, content, { format: { encoding: 'utf-16' } })
    expect(rows).to.deep.equal([
      { id: 1n, name: 'a' },
      { id: 4n, name: '\ufffd' },
    ])
    expect(rejected.map(({ line, reason }) => ({ line, reason }))).to.deep.equal([
      { line: 3n, reason: 'is not valid UTF-16le' },
      { line: 4n, reason: 'is not valid UTF-16le' },
    ])
  })

  it('a UTF-16 file that is cut off inside a character loses its last row only', async () => {
    const whole = le('id,name\n1,a\n2,bc')
    const { rows, rejected } = await transformText(place, whole.subarray(0, whole.length - 1), {
      format: { encoding: 'utf-16' },
    })
    expect(rows).to.deep.equal([{ id: 1n, name: 'a' }])
    expect(rejected.map(({ line }) => line)).to.deep.equal([3n])
  })

  it('latin-1 is ISO 8859-1: every byte is the character of its number', async () => {
    const bytes = Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => byte >= 0x80)
    const { rows } = await transformText(
      place,
      Buffer.concat([Buffer.from('id,name\n1,'), Buffer.from(bytes), Buffer.from('\n')]),
      { format: { encoding: 'latin-1' } },
    )
    expect(rows).to.deep.equal([{ id: 1n, name: String.fromCharCode(...bytes) }])
  })

  it('windows-1252 has letters and quotes where latin-1 has control characters', async () => {
    const content = Buffer.from('id,name\n1,\x80 \x93quoted\x94 \x8a\x9f \xe5\xe4\xf6\n', 'latin1')
    const { rows } = await transformText(place, content, { format: { encoding: 'windows-1252' } })
    expect(rows).to.deep.equal([{ id: 1n, name: '€ “quoted” ŠŸ åäö' }])
  })

  it('a byte that windows-1252 does not have costs its row', async () => {
    const content = Buffer.from('id,name\n1,a\x81\n2,b\x8d\n3,c\x8f\n4,d\x90\n5,e\x9d\n6,f\n', 'latin1')
    const { rows, rejected } = await transformText(place, content, { format: { encoding: 'windows-1252' } })
    expect(rows).to.deep.equal([{ id: 6n, name: 'f' }])
    expect(rejected.map(({ line, reason }) => [line, reason].join(' '))).to.deep.equal(
      [2, 3, 4, 5, 6].map((line) => `${line} is not valid windows-1252`),
    )
  })

  it('latin-1 that is taken for UTF-8 costs its rows, not their neighbours', async () => {
    const content = Buffer.from('id,name\n1,abc\n2,\xe5\n3,def\n', 'latin1')
    const { rows, rejected } = await transformText(place, content)
    expect(rows.map(({ id }) => id)).to.deep.equal([1n, 3n])
    expect(rejected.map(({ line, reason }) => [line, reason].join(' '))).to.deep.equal([
      '3 is not valid UTF-8',
    ])
  })

  it('UTF-32: FILE_NOT_TEXT', async () => {
    const content = Buffer.from('fffe000061000000', 'hex')
    const error = await failure(transformText(place, content, { format: { encoding: 'utf-16' } }))
    expect(error.code).to.equal('FILE_NOT_TEXT')
    expect(error.message).to.match(/is UTF-32 text, which datapipe does not read\.$/)
  })
})
