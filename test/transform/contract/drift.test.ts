import { expect } from 'chai'
import type { ContractColumn } from '../../../src/transform/contract/contract.js'
import type { TransformEvent } from '../../../src/transform/types.js'
import { failure, transformText, Workplace } from '../support/files.js'

const TABLE: ContractColumn[] = [
  { name: 'id', type: 'bigint' },
  { name: 'name', type: 'string' },
]

describe('a file that differs from its table', () => {
  let place: Workplace
  let warnings: string[]
  beforeEach(async () => {
    place = await Workplace.make()
    warnings = []
  })
  afterEach(() => place.remove())

  const run = (text: string, config: object = {}, contract: ContractColumn[] | null = TABLE) =>
    transformText(place, text, config, {
      contract: contract ?? undefined,
      displayName: 'new.csv',
      onEvent: (event: TransformEvent) => {
        if (event.type === 'warning') warnings.push(`${event.code} ${event.message}`)
      },
    })

  it('evolve adds a column, typed by the whole file, at the end, and says so before anything is published', async () => {
    const body = Array.from({ length: 6000 }, (_, i) => `${i === 5999 ? 0.5 : i},n${i},${i}\n`).join('')
    let published: string[] | undefined
    const { rows, columns, inputs, drift } = await transformText(
      place,
      `extra,name,id\n${body}`,
      {},
      {
        contract: TABLE,
        displayName: 'new.csv',
        onEvent: (event) => {
          if (event.type === 'warning') {
            warnings.push(event.message)
            void place.published().then((found) => (published = found))
          }
        },
      },
    )
    expect(columns).to.deep.equal([...TABLE, { name: 'extra', type: 'double' }])
    expect(inputs[0]?.columns).to.deep.equal([...TABLE, { name: 'extra', type: 'double', added: true }])
    expect(rows.at(-1)).to.deep.equal({ id: 5999n, name: 'n5999', extra: 0.5 })
    expect(drift).to.deep.equal([
      { file: 'new.csv', column: 'extra', change: 'added', from: null, to: 'double' },
    ])
    expect(warnings).to.deep.equal([
      'new.csv has the column "extra" (double), which the dataset data does not have yet: it is added, and earlier rows have no value in it.',
    ])
    expect(published).to.deep.equal([])
  })

  it('adds to declared columns too, and text that only looks like a number stays text', async () => {
    const { rows, rejected } = await run('id,zip\n1,01234\nx,2\n', { columns: { id: 'integer' } }, null)
    expect(rows).to.deep.equal([{ id: 1, zip: '01234' }])
    expect(rejected.map(({ reason }) => reason)).to.deep.equal([
      'id: "x" is not a whole number from -2147483648 to 2147483647',
    ])
  })

  it('a file of the older format stays loadable when a column came later', async () => {
    const later = [...TABLE, { name: 'extra', type: 'double', added: true }]
    const { rows, drift, inputs } = await run('name,id\na,1\n', {}, later)
    expect(rows).to.deep.equal([{ id: 1n, name: 'a', extra: null }])
    expect(drift).to.deep.equal([])
    expect(inputs[0]?.columns).to.deep.equal(later)
  })

  it('a renamed column is a missing one, not a column of nulls', async () => {
    const error = await failure(run('id,nmae\n1,a\n'))
    expect(error.code).to.equal('MISSING_COLUMN')
    expect(error.suggestions).to.include('If "nmae" is what it is called now, rename it in the file.')
    const json = await failure(run('{"id":1,"nmae":"a"}\n', { format: { type: 'jsonl' } }))
    expect(json.code).to.equal('MISSING_COLUMN')
    expect(json.message).to.equal(
      'No line of new.csv has the key "name", which the dataset data needs; it has "nmae" instead.',
    )
    expect(await place.published()).to.deep.equal([])
  })

  it('JSON lines may leave out what has no value, and may bring a new key in any line', async () => {
    const without = await run('{"id":1}\n{"id":2}\n', { format: { type: 'jsonl' } })
    expect(without.rows).to.deep.equal([
      { id: 1n, name: null },
      { id: 2n, name: null },
    ])
    const { rows, drift } = await run('{"id":1}\n{"id":2,"name":"b","at":"2023-01-01"}\n', {
      format: { type: 'jsonl' },
    })
    expect(rows).to.deep.equal([
      { id: 1n, name: null, at: null },
      { id: 2n, name: 'b', at: 19358 },
    ])
    expect(drift.map(({ column, to }) => [column, to])).to.deep.equal([['at', 'date']])
  })

  it('optional: a file may come without the column', async () => {
    const columns = { id: 'integer', note: { type: 'decimal(5,2)', optional: true } }
    const { rows, columns: written } = await run(
      'id\n1\n',
      { columns, checks: ['note IS NULL OR note > 0'] },
      null,
    )
    expect(rows).to.deep.equal([{ id: 1, note: null }])
    expect(written[1]).to.deep.equal({ name: 'note', type: 'decimal(5,2)' })
    const json = await run('{"id":1}\n', { columns, format: { type: 'jsonl' } }, null)
    expect(json.rows).to.deep.equal([{ id: 1, note: null }])
  })

  it('a row of a file without an optional column is rejected for what is wrong with it', async () => {
    const columns = { note: { type: 'integer', optional: true }, id: 'integer' }
    const { rejected } = await run('id\nx\n2\n', { columns, checks: [{ not_null: 'note' }] }, null)
    expect(rejected.map(({ line, column, reason }) => [line, column, reason])).to.deep.equal([
      [
        2n,
        'id',
        'id: "x" is not a whole number from -2147483648 to 2147483647; check "not_null(note)" does not hold: note is empty',
      ],
      [3n, 'id', 'check "not_null(note)" does not hold: note is empty'],
    ])
  })

  it('freeze refuses a new column and a missing one', async () => {
    const added = await failure(run('id,name,extra\n1,a,2\n', { contract: 'freeze' }))
    expect(added.code).to.equal('UNDECLARED_COLUMN')
    expect(added.message).to.equal('new.csv has the column "extra", which the dataset data does not know.')
    expect((await failure(run('id\n1\n', { contract: 'freeze' }))).code).to.equal('MISSING_COLUMN')
    expect(await place.published()).to.deep.equal([])
  })

  it('a type that was declared wider is reported and read', async () => {
    const { rows, drift } = await run(
      'id,v\n3000000000,1.25\n',
      { columns: { id: 'bigint', v: 'decimal(12,3)' } },
      [
        { name: 'id', type: 'integer' },
        { name: 'v', type: 'decimal(9,2)' },
      ],
    )
    expect(rows).to.deep.equal([{ id: 3_000_000_000n, v: 1.25 }])
    expect(drift.map(({ column, change, from, to }) => [column, change, from, to])).to.deep.equal([
      ['id', 'widened', 'integer', 'bigint'],
      ['v', 'widened', 'decimal(9,2)', 'decimal(12,3)'],
    ])
    expect(warnings[0]).to.equal(
      'SCHEMA_DRIFT The column "id" of the dataset data becomes bigint with new.csv; it was integer.',
    )
  })

  const refused: [name: string, config: object, message: string][] = [
    [
      'another type',
      { columns: { id: 'integer', name: 'string' } },
      'new.csv cannot be loaded: the column "id" of data was bigint and is declared as integer now, and not every such value is one.',
    ],
    [
      'a column that is not declared any more',
      { columns: { id: 'bigint' } },
      'new.csv cannot be loaded: the table of data has the column "name" (string), which datasets.data.columns does not declare any more.',
    ],
    [
      'a declared column that a frozen table does not have',
      { columns: { id: 'bigint', name: 'string', more: 'date' }, contract: 'freeze' },
      'new.csv cannot be loaded: the table of data does not have the column "more" (date) that is declared now, and its contract is frozen.',
    ],
  ]
  for (const [name, config, message] of refused) {
    it(`${name} is refused before the file is read`, async () => {
      // The file is none: nobody gets as far as that.
      const error = await failure(run('', config))
      expect(error.code).to.equal('TABLE_DIFFERS')
      expect(error.message).to.equal(message)
      expect(error.suggestions).to.not.deep.equal([])
    })
  }

  it('widening is refused where the contract is frozen', async () => {
    const config = { columns: { id: 'bigint', name: 'string' }, contract: 'freeze' }
    const table = [
      { name: 'id', type: 'integer' },
      { name: 'name', type: 'string' },
    ]
    expect((await failure(run('', config, table))).message).to.equal(
      'new.csv cannot be loaded: the column "id" of data was integer and is declared as bigint now, and its contract is frozen.',
    )
  })

  it('another partition than the table has is refused before the file is read', async () => {
    const existing = [
      {
        name: 'data',
        columns: [{ name: 'id', type: 'bigint' }],
        partitionKeys: [{ name: 'name', type: 'string' }],
      },
    ]
    const error = await failure(
      transformText(place, '', {}, { contract: TABLE, existing, displayName: 'new.csv' }),
    )
    expect(error.message).to.equal(
      'new.csv cannot be loaded: the table data is partitioned by name (string), and the dataset says nothing now.',
    )
  })

  it('too many rejected rows of one column: says what type its values are of', async () => {
    const body = Array.from({ length: 20 }, (_, i) => `${i},${i}.5\n`).join('')
    const error = await failure(
      transformText(
        place,
        `id,v\n${body}`,
        { columns: { id: 'integer', v: 'integer' }, rejects: { max: 1 } },
        { displayName: 'new.csv' },
      ),
    )
    expect(error.code).to.equal('REJECTS_OVER_LIMIT')
    expect((error.result as { drift: unknown }).drift).to.deep.equal([
      { file: 'new.csv', column: 'v', change: 'differs', from: 'integer', to: 'double' },
    ])
    expect(error.suggestions[0]).to.equal(
      'The column "v" of the dataset data is integer; in new.csv its values would be double.',
    )
  })
})
