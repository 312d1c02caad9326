import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { datasetSchema } from '../../../src/config/dataset.js'
import { Database } from '../../../src/transform/database.js'
import { loadInput, openInputs } from '../../../src/transform/load.js'
import { writeRejects } from '../../../src/transform/rejects.js'
import { openSource } from '../../../src/transform/source.js'
import { readParquet, Workplace } from '../support/files.js'
import { number, row, text, workbook } from './workbook.js'

describe('several inputs of one file', () => {
  let place: Workplace
  beforeEach(async () => (place = await Workplace.make()))
  afterEach(() => place.remove())

  it('are read each with its own columns, and rejected rows say which one they are of', async () => {
    const config = datasetSchema.parse({
      format: { type: 'xlsx' },
      sheets: { One: { columns: { a: 'integer' } }, Two: { columns: { b: 'string', c: 'double' } } },
    })
    const file = await place.file(
      'book.xlsx',
      workbook([
        { name: 'One', rows: row(1, text('A1', 'a')) + row(2, number('A2', 1)) + row(3, text('A3', 'x')) },
        {
          name: 'Two',
          rows:
            row(1, text('A1', 'b'), text('B1', 'c')) +
            row(2, text('A2', 'y'), '<c r="B2" t="e"><v>#REF!</v></c>') +
            row(3, text('A3', 'z'), number('B3', 2.5)),
        },
      ]),
    )
    const { scratch } = place
    await mkdir(scratch)
    const source = await openSource(file, 'book.xlsx', scratch, config.format)
    const inputs = await openInputs({ source, dataset: 'd', config, contract: undefined, scratch })
    const database = await Database.open({
      scratch,
      memoryLimitMb: 256,
      threads: 1,
      keepOrder: true,
      pushFilters: false,
    })
    const loaded = []
    for (const input of inputs) {
      const folder = join(scratch, input.name)
      loaded.push(
        await loadInput(input, { database, config, dataset: 'd', file: 'book.xlsx', scratch: folder }),
      )
    }
    const rejects = await writeRejects({
      database,
      scratch,
      inputs: loaded,
      from: { dataset: 'd', source: 'book.xlsx' },
    })
    database.close()

    expect(loaded.map(({ input, records, rejected }) => [input.name, records, rejected])).to.deep.equal([
      ['One', 2, 1],
      ['Two', 2, 1],
    ])
    const rows = await Promise.all(loaded.map(({ rows: { accepted } }) => readParquet(accepted.path)))
    expect(rows).to.deep.equal([[{ a: 1 }], [{ b: 'z', c: 2.5 }]])
    const written = await readParquet(rejects.parquet)
    expect(written.map(({ input, line, column, raw }) => [input, line, column, raw])).to.deep.equal([
      ['One', 3n, 'a', '"x"'],
      ['Two', 2n, 'c', '"y","#REF!"'],
    ])
    expect((await readFile(rejects.csv, 'utf8')).split('\n')[0]).to.equal(
      'input,line,column,reason,raw,byte_offset,byte_length,source,version_id,run_id',
    )
  })
})
