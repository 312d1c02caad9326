import { rename, rm, truncate, utimes, writeFile } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'
import { expect } from 'chai'
import {
  failure,
  FIRST_ROW,
  SENSOR,
  SENSOR_HEADER,
  transformPath,
  transformText,
  Workplace,
} from '../support/files.js'

const WRITTEN = new Date('2026-01-01')

describe('files that end early, change or have the wrong size', () => {
  let place: Workplace
  beforeEach(async () => {
    place = await Workplace.make()
  })
  afterEach(() => place.remove())

  it('a gzip that is cut off is refused, wherever it is cut', async () => {
    const rows = Array.from({ length: 5000 }, (_, i) => `${i},${Math.sin(i)}\n`).join('')
    const whole = gzipSync(`id,value\n${rows}`)
    for (const length of [11, 500, whole.length >> 1, whole.length - 8, whole.length - 4, whole.length - 1]) {
      const error = await failure(transformText(place, whole.subarray(0, length)))
      expect(error.code, String(length)).to.equal('GZIP_DAMAGED')
    }
    expect(await place.published()).to.deep.equal([])
  })

  const changes: [what: string, code: string, change: (file: string, text: string) => Promise<unknown>][] = [
    ['gets shorter', 'FILE_CHANGED', (file, text) => truncate(file, text.length - 20)],
    ['becomes empty', 'FILE_CHANGED', (file) => truncate(file, 0)],
    [
      'gets other bytes of the same number',
      'FILE_CHANGED',
      (file, text) => writeFile(file, text.replaceAll('21', '22')),
    ],
    [
      'is replaced by another of the same size and time',
      'FILE_CHANGED',
      async (file, text) => {
        await writeFile(`${file}.new`, text.replaceAll('21', '22'))
        await utimes(`${file}.new`, WRITTEN, WRITTEN)
        await rename(`${file}.new`, file)
      },
    ],
    ['is deleted', 'FILE_NOT_FOUND', (file) => rm(file)],
  ]
  for (const [what, code, change] of changes) {
    for (const stage of ['prescan', 'read', 'rejects']) {
      it(`a file that ${what} before the stage ${stage}: ${code}`, async () => {
        const text = SENSOR_HEADER + FIRST_ROW.repeat(50) + 'bad,bad,bad,bad\n'
        const file = await place.file('data.csv', text)
        await utimes(file, WRITTEN, WRITTEN)
        let changed: Promise<unknown> | undefined
        const run = transformPath(place, file, SENSOR, {
          onEvent: (event) => {
            if (event.type === 'stage' && event.state === 'started' && event.stage === stage) {
              changed = change(file, text)
            }
          },
        })
        const error = await failure(run)
        await changed
        expect(error.code).to.equal(code)
        expect(await place.published()).to.deep.equal([])
      })
    }
  }

  it('17 MB without a line end are no header', async () => {
    const error = await failure(transformText(place, Buffer.alloc(17_000_000, 'x')))
    expect(error.code).to.equal('HEADER_UNREADABLE')
    expect(error.message).to.match(/\(line 1\) cannot be read: it is longer than 16 MiB\.$/)
    expect(await place.published()).to.deep.equal([])
  })

  it('17 MB at the end without a line end cost themselves only', async () => {
    const content = Buffer.concat([Buffer.from('id,name\n1,a\n2,'), Buffer.alloc(17_000_000, 'x')])
    const { rows, rejected } = await transformText(place, content, {
      columns: { id: 'integer', name: 'string' },
    })
    expect(rows).to.deep.equal([{ id: 1, name: 'a' }])
    expect(rejected.map(({ byte_length, line }) => [line, byte_length])).to.deep.equal([[3n, 17_000_002n]])
  })
})
