import { mkdir, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { dateInName, newestFile } from '../../../src/operate/upload/newest.js'
import { failure, scratchFolder } from '../support.js'

describe('the date in a file name', () => {
  const cases: [name: string, date: string | undefined][] = [
    ['20230703_measurement_data.csv', '20230703'],
    ['export-2026-01-31.csv', '20260131'],
    ['policies_202610.csv', '20261001'],
    ['policies_2026-10.csv', '20261001'],
    ['20260101-20260131_export.csv', '20260131'],
    ['export_20260131T0600.csv', '20260131'],
    ['export_20260131060000.csv', '20260131'],
    ['20261301_no_such_month.csv', undefined],
    ['20230229_no_leap_year.csv', undefined],
    ['20240229_leap_year.csv', '20240229'],
    ['sensor_1234567890123.csv', undefined],
    ['id_99990101.csv', undefined],
    ['measurement_data.csv', undefined],
    ['2023-070-3.csv', undefined],
  ]
  for (const [name, date] of cases) {
    it(`of ${name} is ${date}`, () => {
      expect(dateInName(name)).to.equal(date)
    })
  }
})

describe('the newest file', () => {
  let folder: Awaited<ReturnType<typeof scratchFolder>>

  beforeEach(async () => {
    folder = await scratchFolder()
  })

  afterEach(() => folder.remove())

  /** @param modified seconds after some moment */
  async function file(name: string, modified = 0): Promise<void> {
    const path = join(folder.path, name)
    await writeFile(path, 'x')
    await utimes(path, 1_700_000_000, 1_700_000_000 + modified)
  }

  it('is not chosen past one whose name cannot be read', async function () {
    if (process.platform !== 'linux') this.skip()
    await file('20230702_a.csv')
    const latin1 = Buffer.from('20230703_k\u00E4lte_a.csv', 'latin1')
    await writeFile(Buffer.concat([Buffer.from(`${folder.path}/`), latin1]), 'x')
    const error = await failure(newestFile('*_a.csv', folder.path))
    expect(error.code).to.equal('FILE_NAME_UNSUPPORTED')
    expect(await newestFile('20230702*', folder.path)).to.equal('20230702_a.csv')
  })

  it('is the one with the newest date in its name, whenever it was written', async () => {
    await file('20230702_measurement_data.csv', 50)
    await file('20230703_measurement_data.csv', 0)
    await file('2023-07-01_measurement_data.csv', 90)
    expect(await newestFile('*.csv', folder.path)).to.equal('20230703_measurement_data.csv')
  })

  it('never is one without a date while another has one', async () => {
    await file('19990101.csv', 0)
    await file('latest.csv', 90)
    expect(await newestFile('*.csv', folder.path)).to.equal('19990101.csv')
  })

  it('is the one modified last when dates are equal, and then the last by name', async () => {
    await file('20230703_a.csv', 10)
    await file('20230703_b.csv', 5)
    expect(await newestFile('*.csv', folder.path)).to.equal('20230703_a.csv')
    await file('20230703_c.csv', 10)
    expect(await newestFile('*.csv', folder.path)).to.equal('20230703_c.csv')
  })

  it('is the one modified last when no name has a date', async () => {
    await file('a.csv', 10)
    await file('b.csv', 5)
    expect(await newestFile('*.csv', folder.path)).to.equal('a.csv')
  })

  it('is looked for in what the pattern matches only, and a folder means all in it', async () => {
    await file('20230701.csv')
    await file('20230702.txt')
    await mkdir(join(folder.path, '20230709'))
    const absolute = `${folder.path}/*.csv`
    expect(await newestFile(absolute, '/')).to.equal(join(folder.path, '20230701.csv'))
    expect(await newestFile(folder.path, '/')).to.equal(join(folder.path, '20230702.txt'))
    expect(await newestFile('20230701.csv', folder.path)).to.equal('20230701.csv')
  })

  it('can be in a folder below', async () => {
    await mkdir(join(folder.path, 'b'))
    await file('b/20230704.csv')
    await file('20230703.csv')
    expect(await newestFile('**/*.csv', folder.path)).to.equal('b/20230704.csv')
    expect(await newestFile('*.csv', folder.path)).to.equal('20230703.csv')
  })

  it('not found is an error that names the pattern', async () => {
    await file('20230701.csv')
    const none = await failure(newestFile('*.tsv', folder.path))
    expect(none.code).to.equal('NO_MATCHING_FILE')
    expect(none.message).to.equal('No file matches *.tsv.')
    expect(none.exitCode).to.equal(1)
    const noFolder = await failure(newestFile('nowhere/*.csv', folder.path))
    expect(noFolder.code).to.equal('NO_MATCHING_FILE')
    expect(noFolder.message).to.equal(
      `No file matches nowhere/*.csv: cannot read the folder ${join(folder.path, 'nowhere')}.`,
    )
  })
})
