import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect } from 'chai'
import { asyncBufferFromFile, parquetMetadataAsync } from 'hyparquet'
import { DatapipeError } from '../../src/errors.js'
import { sourceId } from '../../src/transform/layout.js'
import {
  failure,
  FIRST_ROW,
  lines,
  SENSOR,
  SENSOR_HEADER,
  transformText,
  Workplace,
} from './support/files.js'

const FILE = `${sourceId('20230703_data.csv')}.parquet`

describe('the output folder', () => {
  let place: Workplace
  beforeEach(async () => (place = await Workplace.make()))
  afterEach(() => place.remove())

  const hashes = async () => {
    const files = await place.published()
    return Promise.all(
      files.map(async (file) => [
        file,
        createHash('sha256')
          .update(await readFile(join(place.out, file)))
          .digest('hex'),
      ]),
    )
  }

  it('gets one file per partition, named after the source', async () => {
    const { outputs, rows, columns, partitionKey } = await transformText(
      place,
      'city,n\nUmeå,1\nKiruna,2\nUmeå,3\n',
      {
        partition: 'city',
      },
    )
    expect(await place.published()).to.deep.equal([`data/city=Kiruna/${FILE}`, `data/city=Umeå/${FILE}`])
    expect(outputs.map(({ partition, rows }) => [partition, rows])).to.deep.equal([
      [{ city: 'Kiruna' }, 1],
      [{ city: 'Umeå' }, 2],
    ])
    // The folder stands for the column; rows keep the order of the file.
    expect(rows).to.deep.equal([{ n: 2n }, { n: 1n }, { n: 3n }])
    expect(columns).to.deep.equal([{ name: 'n', type: 'bigint' }])
    expect(partitionKey).to.deep.equal({ name: 'city', type: 'string' })
  })

  it('encodes partition values that no folder can have, and nulls', async () => {
    const text = 'k,n\na/b=c%,1\n..,2\n,3\n"",4\n"x y",5\n'
    const { outputs } = await transformText(place, text, {
      partition: 'k',
      columns: { k: 'string', n: 'bigint' },
    })
    expect(
      outputs.map(({ path, rows, partition }) => [path.split('/')[1], rows, partition.k]),
    ).to.have.deep.members([
      ['k=..', 1, '..'],
      ['k=a%2Fb%3Dc%25', 1, 'a/b=c%'],
      ['k=x%20y', 1, 'x y'],
      ['k=__HIVE_DEFAULT_PARTITION__', 2, null],
    ])
  })

  const units: [partition: string, folders: string[]][] = [
    ['year(t)', ['year=2023', 'year=2024', 'year=__HIVE_DEFAULT_PARTITION__']],
    ['month(t)', ['month=2023-12', 'month=2024-01', 'month=__HIVE_DEFAULT_PARTITION__']],
    ['day(t)', ['day=2023-12-31', 'day=2024-01-01', 'day=__HIVE_DEFAULT_PARTITION__']],
  ]
  for (const [partition, folders] of units) {
    it(`partitions by ${partition}`, async () => {
      const { outputs, rows } = await transformText(
        place,
        't,n\n2023-12-31 23:59:59.999999,1\n2024-01-01,2\n,3\n',
        { partition },
      )
      expect(outputs.map(({ path }) => path.split('/')[1])).to.deep.equal(folders)
      expect(rows.map(({ n }) => n)).to.deep.equal([1n, 2n, 3n])
      expect(Object.keys(rows[0] ?? {})).to.deep.equal(['t', 'n'])
    })
  }

  it('divides many rows while they are read: none lost, none in the wrong place, the bad ones rejected', async () => {
    const rows = Array.from({ length: 300_000 }, (_, i) => {
      if (i % 60_000 === 7) return `${i},x,2023-01-01`
      const day = new Date(Date.UTC(2023, 0, 1 + Math.floor(i / 10_000))).toISOString().slice(0, 10)
      return i % 1000 === 3 ? `${i},,` : `${i},${i}.5,${day}`
    })
    const {
      outputs,
      rows: read,
      rejected,
    } = await transformText(place, `id,v,d\n${rows.join('\n')}\n`, {
      columns: { id: 'integer', v: 'double', d: 'date' },
      partition: 'month(d)',
    })
    expect(outputs.map(({ path, partition, rows }) => [path, partition.month, rows])).to.deep.equal([
      [`data/month=2023-01/${FILE}`, '2023-01', 299_695],
      [`data/month=__HIVE_DEFAULT_PARTITION__/${FILE}`, null, 300],
    ])
    expect(rejected.map(({ line }) => line)).to.deep.equal([9n, 60_009n, 120_009n, 180_009n, 240_009n])
    const ids = new Set(read.map(({ id }) => Number(id)))
    expect(ids.size).to.equal(299_995)
    expect(read.every(({ id, v }) => v === null || v === Number(id) + 0.5)).to.equal(true)
  }).timeout(60_000)

  it('keeps text partitions apart when many rows are divided at once', async () => {
    const keys = ['a/b', '..', '', 'x y', 'å']
    const rows = Array.from({ length: 260_000 }, (_, i) => `"${keys[Math.floor(i / 52_000)]}",${i}`)
    const { outputs } = await transformText(place, `k,n\n${rows.join('\n')}\n`, {
      columns: { k: 'string', n: 'integer' },
      partition: 'k',
    })
    expect(outputs.map(({ path, partition, rows }) => [path.split('/')[1], partition.k, rows])).to.deep.equal(
      [
        ['k=..', '..', 52_000],
        ['k=a%2Fb', 'a/b', 52_000],
        ['k=x%20y', 'x y', 52_000],
        ['k=å', 'å', 52_000],
        ['k=__HIVE_DEFAULT_PARTITION__', null, 52_000],
      ],
    )
  }).timeout(60_000)

  const makers: [what: string, config: object][] = [
    ['rows', {}],
    ['rows in partitions', { partition: 'day(start_time)' }],
    ['sub-intervals', { timeseries: SENSOR.timeseries }],
    ['a grid', { timeseries: { ...SENSOR.timeseries, output: 'grid', every: '10s' } }],
    ['a query', { sql: 'SELECT * FROM input' }],
  ]
  for (const [what, config] of makers) {
    it(`is compressed with zstd, whatever made it: ${what}`, async () => {
      const { columns } = SENSOR
      const { outputs } = await transformText(place, SENSOR_HEADER + FIRST_ROW, { columns, ...config })
      const file = await asyncBufferFromFile(join(place.out, outputs[0]?.path ?? ''))
      const codecs = (await parquetMetadataAsync(file)).row_groups.flatMap((group) =>
        group.columns.map((column) => column.meta_data?.codec),
      )
      expect(new Set(codecs)).to.deep.equal(new Set(['ZSTD']))
    })
  }

  it('divides instants by the days of the configured zone', async () => {
    const { outputs } = await transformText(place, 't\n2023-06-26T22:30:00Z\n', {
      partition: 'day(t)',
      format: { timezone: 'Europe/Stockholm' },
    })
    expect(outputs[0]?.partition).to.deep.equal({ day: '2023-06-27' })
  })

  it('is the same, to the byte, after a second run', async () => {
    const rows = Array.from({ length: 30_000 }, (_, i) => {
      const start = new Date(Date.UTC(2023, 0, 1) + ((i * 7919) % 30_000) * 10_000).toISOString().slice(0, 23)
      return `${start},${start},${i},${1 + (i % 3)}`
    })
    const text = `${SENSOR_HEADER}${rows.join('\n')}\nbad\n`
    const config = { ...SENSOR, partition: 'day(start_time)' }
    await transformText(place, text, config)
    const first = await hashes()
    await transformText(place, text, config)
    expect(first.length).to.equal(6)
    expect(await hashes()).to.deep.equal(first)
  }).timeout(60_000)

  it('loses what a corrected file no longer produces, and nothing of another source', async () => {
    const config = { partition: 'k', columns: { k: 'string', n: 'bigint' } }
    await transformText(place, 'k,n\na,1\nb,2\nb,x\n', config)
    await transformText(place, 'k,n\nb,7\n', config, { sourceName: 'raw/other.csv' })
    await transformText(place, 'k,n\na,5\n', config)
    expect(await place.published()).to.deep.equal([
      `data/k=a/${FILE}`,
      `data/k=b/${sourceId('raw/other.csv')}.parquet`,
    ])
  })

  it('reads gzip, also under a name without .gz', async () => {
    const text = SENSOR_HEADER + FIRST_ROW
    const compressed = gzipSync(text)
    const result = await transformText(place, compressed, SENSOR)
    expect(result.rowsOut).to.equal(10)
    expect(result.sha256).to.equal(createHash('sha256').update(compressed).digest('hex'))
    expect(result.bytes).to.equal(compressed.length)
  })

  it('gets the rejects as Parquet and as CSV that reads back', async () => {
    const { rejects } = await transformText(place, 'a,b\n1,"x, ""y"""\n"z",two\nlines"\n3,4\n', {
      columns: { a: 'integer', b: 'string' },
    })
    expect(rejects?.rows).to.equal(2)
    expect(await lines(join(place.out, rejects?.csv ?? ''))).to.deep.equal([
      'line,column,reason,raw,byte_offset,byte_length,source,version_id,run_id',
      '3,a,"a: ""z"" is not a whole number from -2147483648 to 2147483647","""z"",two",17,7,"20230703_data.csv",,',
      '4,,"has 1 field instead of 2","lines""",25,6,"20230703_data.csv",,',
      '',
    ])
  })

  it('gets nothing but the rejects when there are more than the dataset allows', async () => {
    const text = `a\n${'1\n'.repeat(99)}x\n`
    const columns = { a: 'integer' }
    const error = await failure(transformText(place, text, { columns, rejects: { max: '0.9%' } }))
    const name = `dataset=data/${sourceId('20230703_data.csv')}`
    const files = { parquet: `datapipe_rejects/${name}.parquet`, csv: `datapipe_rejects_csv/${name}.csv` }
    const reasons = ['a: "x" is not a whole number from -2147483648 to 2147483647']
    expect(error.code).to.equal('REJECTS_OVER_LIMIT')
    expect(error.exitCode).to.equal(5)
    expect(error.message).to.equal(
      `1 of the 100 rows of ${join(place.path, '20230703_data.csv')} were rejected; the dataset data allows 0.9%. No data was published.`,
    )
    expect(error.result).to.deep.equal({
      dataset: 'data',
      rowsIn: 100,
      rowsAccepted: 99,
      rowsRejected: 1,
      rejects: { rows: 1, ...files, reasons },
    })
    expect(await place.published()).to.deep.equal([files.parquet, files.csv].sort())
    for (const max of ['1%', 1]) {
      expect((await transformText(place, text, { columns, rejects: { max } })).rowsOut).to.equal(99)
    }
    expect((await failure(transformText(place, text, { columns, rejects: { max: 0 } }))).code).to.equal(
      'REJECTS_OVER_LIMIT',
    )
  })

  it('gets no file when every row is rejected and that is allowed', async () => {
    const { outputs, columns, rowsRejected } = await transformText(place, 'a\nx\n', {
      columns: { a: 'integer' },
    })
    expect({ outputs, columns, rowsRejected }).to.deep.equal({
      outputs: [],
      columns: [{ name: 'a', type: 'integer' }],
      rowsRejected: 1,
    })
  })

  it('stays as it was when the run is interrupted, and scratch is left empty', async () => {
    const rows = Array.from({ length: 200_000 }, (_, i) => `${i},${i}.5`).join('\n')
    const abort = new AbortController()
    const error = await failure(
      transformText(
        place,
        `a,b\n${rows}\n`,
        {},
        {
          signal: abort.signal,
          onEvent: (event) => {
            if (event.type === 'stage' && event.stage === 'read') setTimeout(() => abort.abort(), 5)
          },
        },
      ),
    )
    expect(error).to.be.instanceOf(DatapipeError)
    expect(error.code).to.equal('INTERRUPTED')
    expect(error.exitCode).to.equal(130)
    expect(await place.published()).to.deep.equal([])
    expect(await readdir(place.scratch)).to.deep.equal([])
  })

  it('refuses more partitions than a table should get from one file', async () => {
    const rows = Array.from({ length: 10_001 }, (_, i) => `${i},1`).join('\n')
    const error = await failure(transformText(place, `k,n\n${rows}\n`, { partition: 'k' }))
    expect(error.code).to.equal('TOO_MANY_PARTITIONS')
    expect(error.message).to.equal('The file has 10001 partitions by k; the limit is 10000.')
    expect(await place.published()).to.deep.equal([])
  })
})
