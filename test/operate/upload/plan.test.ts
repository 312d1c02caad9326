import { writeFileSync } from 'node:fs'
import { mkdir, open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { datasetSchema } from '../../../src/config/dataset.js'
import { planUpload } from '../../../src/operate/upload/upload.js'
import { failure, scratchFolder } from '../support.js'

const datasets = {
  temperature: datasetSchema.parse({ match: '*measurement_data.csv' }),
  policies: datasetSchema.parse({ match: 'policies_*.csv' }),
  humidity: datasetSchema.parse({}),
}

describe('planning an upload', () => {
  let folder: Awaited<ReturnType<typeof scratchFolder>>

  beforeEach(async () => {
    folder = await scratchFolder()
    for (const name of [
      '20230703_measurement_data.csv',
      '20230704_measurement_data.csv',
      'policies_202601.csv',
      'other.csv',
      '20230703_humidity.csv',
    ]) {
      await writeFile(join(folder.path, name), 'x')
    }
  })

  afterEach(() => folder.remove())

  const plan = (request: { files?: string[]; newest?: string; dataset?: string }, known = datasets) =>
    planUpload({ files: [], ...request, cwd: folder.path }, known)

  it('gives each file to the dataset that its name matches, or is', async () => {
    const items = await plan({
      files: ['20230703_measurement_data.csv', 'policies_202601.csv', '20230703_humidity.csv'],
    })
    expect(items.map(({ dataset }) => dataset)).to.deep.equal(['temperature', 'policies', 'humidity'])
  })

  it('gives every file to the dataset that is named', async () => {
    const items = await plan({ files: ['other.csv', 'policies_202601.csv'], dataset: 'temperature' })
    expect(items.map(({ dataset }) => dataset)).to.deep.equal(['temperature', 'temperature'])
  })

  it('derives a dataset from the name when none is configured', async () => {
    const [item] = await plan({ files: ['20230703_measurement_data.csv'] }, {} as typeof datasets)
    expect(item!.dataset).to.equal('measurement_data')
  })

  it('adds the newest file to those that are named, each once', async () => {
    const items = await plan({
      files: ['policies_202601.csv', './policies_202601.csv'],
      newest: '*_measurement_data.csv',
    })
    expect(items.map(({ source }) => source.path)).to.deep.equal([
      'policies_202601.csv',
      '20230704_measurement_data.csv',
    ])
  })

  it('without any file is a mistake in the command line', async () => {
    const error = await failure(plan({}))
    expect(error.code).to.equal('NO_FILES')
    expect(error.exitCode).to.equal(2)
  })

  it('of an unknown dataset names the nearest and all', async () => {
    const error = await failure(plan({ files: ['other.csv'], dataset: 'temperatur' }))
    expect(error.code).to.equal('UNKNOWN_DATASET')
    expect(error.message).to.equal('There is no dataset "temperatur" in the configuration.')
    expect(error.exitCode).to.equal(2)
    expect(error.suggestions.slice(0, 2)).to.deep.equal([
      'Did you mean temperature?',
      'Datasets: temperature, policies, humidity',
    ])
  })

  it('of a dataset that can be no table says why', async () => {
    const error = await failure(plan({ files: ['other.csv'], dataset: '2nd-try' }, {} as typeof datasets))
    expect(error.code).to.equal('INVALID_DATASET_NAME')
    expect(error.exitCode).to.equal(2)
  })

  it('of a file that fits no dataset says which there are', async () => {
    const error = await failure(plan({ files: ['other.csv'] }))
    expect(error.code).to.equal('NO_DATASET_FOR_FILE')
    expect(error.message).to.equal('No dataset fits the file other.csv.')
    expect(error.exitCode).to.equal(1)
    expect(error.suggestions[0]).to.equal(
      'Name the dataset: --dataset NAME, one of temperature, policies, humidity',
    )
  })

  it('of a file without letters asks for the dataset', async () => {
    await writeFile(join(folder.path, '2023.csv'), 'x')
    const error = await failure(plan({ files: ['2023.csv'] }, {} as typeof datasets))
    expect(error.code).to.equal('NO_DATASET_FOR_FILE')
    expect(error.suggestions).to.deep.equal(['Name the dataset: --dataset NAME'])
  })

  it('refuses a file that a program still writes, and says which program', async function () {
    if (process.platform !== 'linux') this.skip()
    const other = await open(join(folder.path, 'policies_202601.csv'), 'r')
    const writer = await open(join(folder.path, 'other.csv'), 'a')
    const error = await failure(plan({ files: ['policies_202601.csv', 'other.csv'], dataset: 'temperature' }))
    await writer.close()
    expect(error.code).to.equal('FILE_BEING_WRITTEN')
    expect(error.message).to.match(
      new RegExp(`^other\\.csv is still open for writing \\(process ${process.pid}, .+\\)\\.$`),
    )
    const items = await plan({ files: ['policies_202601.csv', 'other.csv'], dataset: 'temperature' })
    await other.close()
    expect(items).to.have.length(2)
  })

  const names: [name: string, isFine: boolean][] = [
    ['ä ö&<>"\'+%25#?=;$`\\.csv', true],
    ['\u{1F321}\uFE0F temperature.csv', true],
    [' .csv', true],
    ['-rf.csv', true],
    [`${'a'.repeat(251)}.csv`, true],
    ['line\nbreak.csv', false],
    ['bell\u0007.csv', false],
    ['delete\u007F.csv', false],
  ]
  for (const [name, isFine] of names) {
    it(`${isFine ? 'takes' : 'refuses'} the name ${JSON.stringify(name.slice(0, 40))}`, async () => {
      await writeFile(join(folder.path, name), 'x')
      const request = { files: [`./${name}`], dataset: 'temperature' }
      if (isFine) expect((await plan(request))[0]!.source.name).to.equal(name)
      else expect((await failure(plan(request))).code).to.equal('FILE_NAME_UNSUPPORTED')
    })
  }

  it('takes ten thousand files', async () => {
    const files = Array.from({ length: 10_000 }, (_, index) => `${index}_humidity.csv`)
    for (const name of files) writeFileSync(join(folder.path, name), 'x')
    expect(await plan({ files })).to.have.length(10_000)
  })

  it('refuses two files that would become one object', async () => {
    await mkdir(join(folder.path, 'b'))
    await writeFile(join(folder.path, 'b', 'policies_202601.csv'), 'y')
    const error = await failure(plan({ files: ['policies_202601.csv', 'b/policies_202601.csv'] }))
    expect(error.code).to.equal('DUPLICATE_FILE_NAME')
    expect(error.message).to.equal(
      'policies_202601.csv and b/policies_202601.csv would become the same object inbox/policies/policies_202601.csv.',
    )
    expect(error.exitCode).to.equal(2)
  })
})
