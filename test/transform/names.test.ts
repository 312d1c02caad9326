import { expect } from 'chai'
import { datasetFor, isDatasetName } from '../../src/transform/dataset.js'
import {
  dataFileName,
  inboxKey,
  rejectsKey,
  rejectsPrefixes,
  runKey,
  sourceId,
  sourceKey,
} from '../../src/transform/layout.js'

describe('the dataset of a file', () => {
  const datasets = { temperature: { match: '*measurement_data.csv' }, orders: {} }

  const cases: [key: string, dataset: string][] = [
    ['inbox/temperature/x.csv', 'temperature'],
    ['inbox/anything/20230703_measurement_data.csv', 'anything'],
    ['20230703_measurement_data.csv', 'temperature'],
    ['20230703_measurement_data.csv.gz', 'temperature'],
    ['20230703_measurement_data.csv.zst', 'temperature'],
    ['inbox/20230703_measurement_data.csv.ZST', 'temperature'],
    ['20230703_wind_data.csv.zst', 'wind_data'],
    ['20230703_wind_data.csv.gz', 'wind_data'],
    ['wind_data.zst', 'wind_data'],
    ['/data/2023/20230703_measurement_data.csv', 'temperature'],
    ['20230703_wind_data.csv', 'wind_data'],
    ['Förseningar 2023-07.csv', 'forseningar'],
    ['orders_2024_01.csv', 'orders'],
    ['sensor1.csv', 'sensor1'],
    ['a.b.csv', 'a_b'],
  ]
  for (const [key, dataset] of cases) {
    it(`${key}: ${dataset}`, () => expect(datasetFor(key, datasets)).to.equal(dataset))
  }

  it('a file name without a word has none', () => {
    expect(() => datasetFor('20230703.csv', {}))
      .to.throw('No dataset fits the file "20230703.csv"')
      .with.property('code', 'NO_DATASET')
    expect(() => datasetFor('datapipe_runs.csv', {}))
      .to.throw()
      .with.property('code', 'NO_DATASET')
  })

  it('names that are kept are none', () => {
    expect(isDatasetName('temperature')).to.equal(true)
    for (const name of ['datapipe_runs', 'Upper', '1st', 'a-b', ''])
      expect(isDatasetName(name)).to.equal(false)
  })
})

describe('keys', () => {
  it('are told by the source alone, and two sources never share one', () => {
    const id = sourceId('raw/inbox/temperature/20230703_measurement_data.csv')
    expect(id).to.match(/^20230703_measurement_data-[0-9a-f]{12}$/)
    expect(sourceId('raw/inbox/other/20230703_measurement_data.csv')).not.to.equal(id)
    expect(sourceId('bucket/Årsrapport (ny).CSV.gz')).to.match(/^arsrapport_ny-[0-9a-f]{12}$/)
    expect(sourceId('bucket/Årsrapport (ny).CSV.zst')).to.match(/^arsrapport_ny-[0-9a-f]{12}$/)
    expect(sourceId('bucket/€€€')).to.match(/^file-[0-9a-f]{12}$/)
    expect(dataFileName('raw/a.csv')).to.equal(`${sourceId('raw/a.csv')}.parquet`)
  })

  it('stand where readers look for them', () => {
    expect(inboxKey('temperature', 'a.csv')).to.equal('inbox/temperature/a.csv')
    expect(rejectsKey('temperature', 'a-1', 'csv')).to.equal(
      'datapipe_rejects_csv/dataset=temperature/a-1.csv',
    )
    expect(rejectsKey('temperature', 'a-1', 'parquet', 'v1')).to.equal(
      'datapipe_rejects/dataset=temperature/a-1/3bfc269594ef6492.parquet',
    )
    for (const version of [undefined, 'v1']) {
      expect(
        rejectsPrefixes('temperature', 'a-1').map((prefix) => [
          rejectsKey('temperature', 'a-1', 'parquet', version).startsWith(prefix),
          rejectsKey('temperature', 'a-1', 'csv', version).startsWith(prefix),
        ]),
      ).to.deep.equal([
        [true, false],
        [false, true],
      ])
    }
    expect(runKey('temperature', 'a-1', 'v1')).to.equal(
      'datapipe_runs/dataset=temperature/a-1/3bfc269594ef6492.json',
    )
    expect(sourceKey('temperature', 'a-1')).to.equal('datapipe_sources/temperature/a-1.json')
  })
})
