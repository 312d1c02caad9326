import { appendFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
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
} from './support/files.js'

describe('input that is no CSV file for the dataset', () => {
  let place: Workplace
  beforeEach(async () => (place = await Workplace.make()))
  afterEach(() => place.remove())

  const cases: [name: string, content: string | Uint8Array, config: object, code: string, message: string][] =
    [
      ['an empty file', '', {}, 'FILE_EMPTY', '<file> is empty.'],
      ['blank lines only', '\n\n', {}, 'FILE_EMPTY', '<file> holds nothing but blank lines.'],
      ['an empty gzip', gzipSync(''), {}, 'FILE_EMPTY', '<file> is empty once unpacked.'],
      ['a header without rows', 'a,b\n', {}, 'FILE_HAS_NO_ROWS', '<file> has a header and no rows.'],
      ['a header without a line end', 'a,b', {}, 'FILE_HAS_NO_ROWS', '<file> has a header and no rows.'],
      [
        'a column named twice',
        'a,b,a\n1,2,3\n',
        {},
        'DUPLICATE_COLUMN',
        'The header names the column "a" twice (columns 1 and 3).',
      ],
      [
        'names that become the same',
        'Temp (C),temp c\n1,2\n',
        {},
        'COLUMN_NAME_COLLISION',
        'The columns "Temp (C)" and "temp c" would both be called "temp_c": column names are lower-case letters, digits and _.',
      ],
      [
        'a missing column',
        'start_time,end_time,samples\n1,2,3\n',
        SENSOR,
        'MISSING_COLUMN',
        '<file> has no column "measurement", which the dataset data needs. Its header: start_time, end_time, samples.',
      ],
      [
        'an undeclared column',
        'a,b\n1,2\n',
        { columns: { a: 'bigint' }, contract: 'freeze' },
        'UNDECLARED_COLUMN',
        '<file> has the column "b", which the dataset data does not know.',
      ],
      [
        'no header',
        '2023-01-01,5,6.5\n2023-01-02,6,7\n',
        {},
        'HEADER_LOOKS_LIKE_DATA',
        'The first line of <file> holds values, not column names.',
      ],
      [
        'an open quote in the header',
        '"a,b\n1,2\n',
        {},
        'HEADER_UNREADABLE',
        'The header of <file> (line 1) cannot be read: a quote is not closed.',
      ],
      [
        'a header in Latin-1',
        Buffer.from('temp\xe9rature,b\n1,2\n', 'latin1'),
        {},
        'FILE_NOT_UTF8',
        'The header of <file> is not UTF-8 text.',
      ],
      [
        'UTF-16 without one',
        Buffer.from('a,b\n1,2\n', 'utf16le'),
        {},
        'FILE_NOT_UTF8',
        '<file> is UTF-16 text without a byte order mark.',
      ],
      [
        'UTF-16, big end first',
        Buffer.from('a,b\n1,2\n', 'utf16le').swap16(),
        {},
        'FILE_NOT_UTF8',
        '<file> is UTF-16 text without a byte order mark.',
      ],
      [
        'an Excel workbook',
        Buffer.from('504b03041400060008', 'hex'),
        {},
        'FILE_NOT_TEXT',
        '<file> is a ZIP archive or an Excel workbook (.xlsx), not CSV text.',
      ],
      ['a Parquet file', 'PAR1xxxx', {}, 'FILE_NOT_TEXT', '<file> is a Parquet file, not CSV text.'],
      [
        'binary data',
        Buffer.from([1, 2, 0, 0, 0, 0, 7, 8]),
        {},
        'FILE_NOT_TEXT',
        '<file> is binary data, not CSV text.',
      ],
      [
        '4001 columns',
        `${Array.from({ length: 4001 }, (_, i) => `c${i}`).join()}\n`,
        {},
        'TOO_MANY_COLUMNS',
        'The header of <file> has 4001 columns; the limit is 4000.',
      ],
    ]
  for (const [name, content, config, code, message] of cases) {
    it(`${name}: ${code}`, async () => {
      const error = await failure(transformText(place, content, config))
      expect(error.code).to.equal(code)
      expect(error.message.replaceAll(place.path, '').replaceAll('/20230703_data.csv', '<file>')).to.equal(
        message,
      )
      expect(await place.published()).to.deep.equal([])
    })
  }

  it('a missing file: FILE_NOT_FOUND', async () => {
    const error = await failure(transformPath(place, join(place.path, 'absent.csv')))
    expect(error.code).to.equal('FILE_NOT_FOUND')
    expect(error.message).to.equal(`${join(place.path, 'absent.csv')} does not exist.`)
  })

  it('a directory: FILE_IS_A_DIRECTORY', async () => {
    await mkdir(join(place.path, 'folder.csv'))
    const error = await failure(transformPath(place, join(place.path, 'folder.csv')))
    expect(error.code).to.equal('FILE_IS_A_DIRECTORY')
    expect(error.message).to.equal(`${join(place.path, 'folder.csv')} is a directory, not a file.`)
  })

  it('a truncated gzip: GZIP_DAMAGED', async () => {
    const whole = gzipSync(SENSOR_HEADER + FIRST_ROW.repeat(1000))
    const error = await failure(transformText(place, whole.subarray(0, whole.length - 9), SENSOR))
    expect(error.code).to.equal('GZIP_DAMAGED')
    expect(error.message).to.match(/is not a complete gzip file: unexpected end of file\.$/)
    expect(await place.published()).to.deep.equal([])
  })

  it('a file that grows while it is read: FILE_CHANGED', async () => {
    const file = await place.file('growing.csv', SENSOR_HEADER + FIRST_ROW)
    let grown: Promise<void> | undefined
    const promise = transformPath(place, file, SENSOR, {
      onEvent: (event) => {
        if (event.type === 'stage' && event.stage === 'read') grown ??= appendFile(file, FIRST_ROW)
      },
    })
    const error = await failure(promise)
    await grown
    expect(error.code).to.equal('FILE_CHANGED')
    expect(error.message).to.equal(`${file} changed while it was read; nothing was published.`)
    expect(await place.published()).to.deep.equal([])
  })

  const configs: [name: string, config: object, code: string][] = [
    ['a delimiter of two bytes', { format: { delimiter: '§' } }, 'INVALID_DELIMITER'],
    ['a quote of two bytes', { format: { quote: '“' } }, 'INVALID_QUOTE'],
    ['quote and delimiter the same', { format: { quote: ',' } }, 'INVALID_QUOTE'],
    ['an unknown zone', { format: { timezone: 'Europe/Atlantis' } }, 'INVALID_TIMEZONE'],
    ['a decimal of 50 digits', { columns: { a: 'decimal(50,2)', b: 'string' } }, 'INVALID_COLUMN_TYPE'],
    ['a partition by no column', { partition: 'c' }, 'UNKNOWN_COLUMN'],
    ['a day of a number', { partition: 'day(a)' }, 'PARTITION_TYPE'],
  ]
  for (const [name, config, code] of configs) {
    it(`${name}: ${code}, a usage error`, async () => {
      const error = await failure(transformText(place, 'a,b\n1,2\n', config))
      expect(error.code).to.equal(code)
      expect(error.exitCode).to.equal(2)
      expect(await place.published()).to.deep.equal([])
    })
  }
})
