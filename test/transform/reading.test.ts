import { symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import type { TransformEvent } from '../../src/transform/types.js'
import { transformPath, Workplace } from './support/files.js'

describe('how a file is read', () => {
  let place: Workplace
  beforeEach(async () => (place = await Workplace.make()))
  afterEach(() => place.remove())

  async function events(file: string): Promise<TransformEvent[]> {
    const events: TransformEvent[] = []
    await transformPath(
      place,
      file,
      { columns: { a: 'integer', b: 'string' } },
      { onEvent: (event) => events.push(event) },
    )
    return events
  }
  const notes = async (text: string) => {
    const all = await events(await place.file('file.csv', text))
    return all.flatMap((event) => (event.type === 'note' ? [event.message] : []))
  }

  const direct: [name: string, text: string][] = [
    ['plain rows', 'a,b\n1,x\n2,y\n'],
    ['CRLF', 'a,b\r\n1,x\r\n2,y\r\n'],
    ['quotes as they should be', 'a,b\n1,"x, ""y"""\n"2","two\nlines"\n'],
    ['values that do not fit', 'a,b\nx,1\n2,y\n'],
    ['a byte order mark and letters beyond ASCII', '\ufeffa,b\n1,åäö\n2,€\n'],
    ['blank lines', 'a,b\n1,x\n\n2,y\n\n'],
  ]
  for (const [name, text] of direct) {
    it(`${name}: directly, without a copy`, async () => expect(await notes(text)).to.deep.equal([]))
  }

  const copied: [name: string, text: string, why: RegExp][] = [
    [
      'a field too few',
      'a,b\n1\n2,y\n',
      /^The file is read from a clean copy: Invalid Input Error: CSV Error on Line: 2\.$/,
    ],
    [
      'a stray quote',
      'a,b\n1,x"y\n2,y\n',
      /^The file is read from a clean copy: it has records that are malformed or quoted/,
    ],
    ['blank lines before the header', '\na,b\n1,x\n', /^The file is read from a clean copy: it has records/],
  ]
  for (const [name, text, why] of copied) {
    it(`${name}: from a clean copy`, async () => {
      const [note = ''] = await notes(text)
      expect(note).to.match(why)
    })
  }

  it('a name with characters that are a pattern to DuckDB, and a link, are just names', async () => {
    const file = await place.file('a[1]*?.csv', 'a,b\n1,x\n')
    expect((await transformPath(place, file, {})).rows).to.deep.equal([{ a: 1n, b: 'x' }])
    await symlink(file, join(place.path, 'link.csv'))
    expect((await transformPath(place, join(place.path, 'link.csv'), {})).rows).to.deep.equal([
      { a: 1n, b: 'x' },
    ])
  })

  it('tells its stages in order', async () => {
    const all = await events(await place.file('file.csv', 'a,b\n1,x\nbad,y\n'))
    const finished = all.flatMap((event) =>
      event.type === 'stage' && event.state === 'finished' ? [event.stage] : [],
    )
    expect(finished).to.deep.equal(['open', 'prescan', 'read', 'rejects', 'write', 'audit', 'publish'])
  })
})
