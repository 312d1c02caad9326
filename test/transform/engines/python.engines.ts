import { expect } from 'chai'
import { Workplace } from '../support/files.js'
import { EXPECTED, PARTITION, writeTable } from './table.js'
import { pythonWithEngines, readWithPython } from './venv.js'

const PYARROW = {
  id: 'int32',
  text: 'string',
  flag: 'bool',
  small: 'int32',
  large: 'int64',
  number: 'double',
  measured: 'double',
  price: 'decimal128(4, 2)',
  amount: 'decimal128(18, 6)',
  exact: 'decimal128(38, 10)',
  huge: 'decimal128(38, 0)',
  day: 'date32[day]',
  wall: 'timestamp[us]',
  instant: 'timestamp[us, tz=UTC]',
  nothing: 'string',
  never: 'timestamp[us]',
  site: 'string',
}

const SPARK = {
  id: 'int',
  text: 'string',
  flag: 'boolean',
  small: 'int',
  large: 'bigint',
  number: 'double',
  measured: 'double',
  price: 'decimal(4,2)',
  amount: 'decimal(18,6)',
  exact: 'decimal(38,10)',
  huge: 'decimal(38,0)',
  day: 'date',
  wall: 'timestamp_ntz',
  instant: 'timestamp',
  nothing: 'string',
  never: 'timestamp_ntz',
  site: 'string',
}

describe('tables for other engines', function () {
  // The first run makes an environment and downloads both engines (about 400 MB).
  this.timeout(900_000)
  let python: string
  let place: Workplace
  before(async () => (python = await pythonWithEngines()))
  beforeEach(async () => (place = await Workplace.make()))
  afterEach(() => place.remove())

  const layouts = [
    { title: 'zstd', config: {} },
    { title: 'snappy', config: { compression: 'snappy' } },
    { title: 'zstd, partitioned', config: { partition: PARTITION } },
  ]
  const engines = [
    { engine: 'pyarrow', types: PYARROW },
    { engine: 'spark', types: SPARK },
  ] as const
  for (const { title, config } of layouts) {
    for (const { engine, types } of engines) {
      it(`${engine} reads every type and every value as it was written (${title})`, async () => {
        const { folder } = await writeTable(place, config)
        const reading = await readWithPython(python, engine, folder)
        expect(reading.types).to.deep.equal(types)
        expect(reading.rows).to.deep.equal(EXPECTED)
      })
    }
  }
})
