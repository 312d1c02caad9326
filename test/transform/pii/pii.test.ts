import { createHmac } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import fc from 'fast-check'
import { Database } from '../../../src/transform/database.js'
import { hmac, prepareHmac } from '../../../src/transform/pii/hmac.js'
import type { TransformEvent } from '../../../src/transform/types.js'
import { failure, readParquet, transformText, Workplace } from '../support/files.js'

/** To be found wherever it must not be: as text, as hexadecimal, and as base64. */
const KEY = Buffer.from('canary-0123456789-canary-0123456789-canary')
const hashOf = (text: string) => createHmac('sha256', KEY).update(text, 'utf8').digest('hex')

const COLUMNS = {
  id: 'integer',
  email: { type: 'string', pii: 'hash', pattern: '[^@]+@[^@]+' },
  name: { type: 'string', pii: 'mask' },
  ssn: { type: 'bigint', nullable: false, pii: 'drop' },
  weight: { type: 'double', pii: 'hash' },
}
const TEXT =
  'id,email,name,ssn,weight\n1,ada@example.com,Ada Quill,78051120,61.5\n2,,,78051121,\n3,Åsa@example.com,Cy,78051122,1e20\n'
const SECRETS = [
  'ada@example',
  'Ada Quill',
  '780511',
  'Åsa',
  '61.5',
  KEY.toString(),
  KEY.toString('hex'),
  KEY.toString('base64'),
]

describe('personal data', () => {
  let place: Workplace
  beforeEach(async () => (place = await Workplace.make()))
  afterEach(() => place.remove())

  const run = (text: string, config: object = {}, overrides: object = {}) =>
    transformText(place, text, { columns: COLUMNS, ...config }, { piiKey: KEY, ...overrides })

  /** Everything that was published, packed or not, as one text. */
  const published = async () => {
    let all = ''
    for (const entry of await readdir(place.out, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue
      const path = join(entry.parentPath, entry.name)
      const bytes = await readFile(path)
      all += bytes.toString('latin1') + bytes.toString('utf8')
      if (path.endsWith('.parquet'))
        all += JSON.stringify(await readParquet(path), (_, value: unknown) =>
          typeof value === 'bigint' ? String(value) : value,
        )
    }
    return all
  }
  const withoutSecrets = (text: string) => {
    for (const secret of SECRETS) expect(text).not.to.include(secret)
  }

  it('is hashed, masked or left out, and null stays null', async () => {
    const { rows, columns } = await run(TEXT)
    expect(columns).to.deep.equal([
      { name: 'id', type: 'integer' },
      { name: 'email', type: 'string' },
      { name: 'name', type: 'string' },
      { name: 'weight', type: 'string' },
    ])
    expect(rows).to.deep.equal([
      { id: 1, email: hashOf('ada@example.com'), name: '***', weight: hashOf('61.5') },
      { id: 2, email: null, name: null, weight: null },
      { id: 3, email: hashOf('Åsa@example.com'), name: '***', weight: hashOf('1e+20') },
    ])
    withoutSecrets(await published())
  })

  it('is the HMAC that node:crypto computes, for any text and any key', async () => {
    const database = await Database.open({
      scratch: place.path,
      memoryLimitMb: 256,
      threads: 1,
      keepOrder: true,
      pushFilters: true,
    })
    try {
      const key = fc.sample(fc.uint8Array({ minLength: 1, maxLength: 200 }), { numRuns: 12, seed: 7 })
      for (const [index, bytes] of key.entries()) {
        if (index > 0) await database.run('DROP TABLE "#hmac"')
        await prepareHmac(database, bytes)
        const texts = fc.sample(fc.string({ unit: 'binary', maxLength: 150 }), { numRuns: 25, seed: index })
        const usable = texts.filter((text) => !/[\0\ud800-\udfff]/.test(text))
        const list = usable.map((text) => `('${text.replaceAll("'", "''")}')`).join(', ')
        const rows = await database.rows(`SELECT ${hmac('t')} AS h FROM (VALUES ${list}) v(t)`)
        expect(rows.map(({ h }) => h)).to.deep.equal(
          usable.map((text) => createHmac('sha256', bytes).update(text, 'utf8').digest('hex')),
        )
      }
      expect(await database.rows(`SELECT ${hmac('NULL::VARCHAR')} AS h`)).to.deep.equal([{ h: null }])
    } finally {
      database.close()
    }
  })

  it('may be the key or the partition of a table, as a hash', async () => {
    const { outputs, rows } = await run(TEXT.replace('2,,', '2,b@example.com,'), {
      key: ['email', 'name'],
      partition: 'name',
      columns: { ...COLUMNS, name: { type: 'string', pii: 'hash' } },
    })
    expect(rows).to.have.length(2)
    expect(outputs.map(({ partition }) => partition.name).sort()).to.deep.equal(
      [hashOf('Ada Quill'), hashOf('Cy')].sort(),
    )
    withoutSecrets(await published())
  })

  it('is gone before a query sees the rows', async () => {
    const { rows } = await run(TEXT, {
      sql: 'select id, upper(name) as name, email = lower(email) as hashed, (select count(*) from input) as n from input order by id',
    })
    expect(rows[0]).to.deep.equal({ id: 1, name: '***', hashed: true, n: 3n })
    const dropped = await failure(run(TEXT, { sql: 'select ssn from input' }))
    expect(dropped).to.include({ code: 'SQL_FAILED' })
    const spying = await failure(run(TEXT, { sql: 'select * from "#hmac"' }))
    expect(spying.code).to.equal('SQL_TABLE_UNKNOWN')
    withoutSecrets(await published())
  })

  it('is not quoted by rejected rows; place and reason are told', async () => {
    const bad =
      'x,ada@example.com,Ada Quill,78051120,1\n5,ada-example,Ada Quill,78051120,1\n6,ada@example.com,Ada Quill,,61.5\n7,ada@example.com,Ada Quill,780511x,61.5\n8,ada@example.com,Ada Quill\n'
    const events: TransformEvent[] = []
    const { rejected, rowsRejected, rejects } = await run(
      TEXT + bad,
      {},
      { onEvent: (event: TransformEvent) => events.push(event) },
    )
    expect(rowsRejected).to.equal(5)
    expect(rejected.map(({ raw, reason }) => [raw, reason])).to.deep.equal([
      [null, 'id: (withheld) is not a whole number from -2147483648 to 2147483647'],
      [null, 'email: (withheld) does not match [^@]+@[^@]+'],
      [null, 'ssn: is empty'],
      [null, 'ssn: (withheld) is not a whole number of at most 64 bits'],
      [null, 'has 3 fields instead of 5'],
    ])
    const bytes = Buffer.from(TEXT + bad)
    const first = rejected[0]
    const offset = Number(first?.byte_offset)
    expect(
      bytes
        .subarray(offset, offset + Number(first?.byte_length))
        .toString()
        .trimEnd(),
    ).to.equal('x,ada@example.com,Ada Quill,78051120,1')
    withoutSecrets(await published())
    withoutSecrets(JSON.stringify(events))
    withoutSecrets(JSON.stringify(rejects))
  })

  it('is not quoted by what JSON lines and checks say', async () => {
    const json = '{"id":1,"email":"ada@example.com","name":"Ada Quill","ssn":78051120,"weight":61.5}\n'
    const result = await run(`${json}{"id":2,"email":"ada@example.com","ssn":78051120 "Ada Quill"}\n`, {
      format: { type: 'jsonl' },
    })
    expect(result.rejected.map(({ raw, reason }) => [raw, reason])).to.deep.equal([
      [null, 'is not valid JSON: (withheld)'],
    ])
    withoutSecrets(await published())
    const error = await failure(run(TEXT, { checks: ['cast(email as integer) > 0'] }))
    expect(error.code).to.equal('CHECK_NOT_COMPUTED')
    withoutSecrets(error.message)
  })

  it('is not quoted when a file has a row where its header should be', async () => {
    const error = await failure(run(TEXT.slice(TEXT.indexOf('\n') + 1)))
    expect(error.code).to.equal('MISSING_COLUMN')
    withoutSecrets(error.message + error.suggestions.join(' '))
  })

  it('keeps new columns out, which nobody declared', async () => {
    const error = await failure(run('id,email,name,ssn,weight,passport\n1,a@b,c,1,2,X123\n'))
    expect(error.code).to.equal('UNDECLARED_COLUMN')
    expect(error.message).to.include('"passport"')
  })

  it('needs a key only for hashes, and says so before it reads', async () => {
    const columns = { id: 'integer', name: { type: 'string', pii: 'mask' } }
    const { rows } = await transformText(place, 'id,name\n1,Ada\n', { columns })
    expect(rows).to.deep.equal([{ id: 1, name: '***' }])
    const error = await failure(run('not a file of this dataset', {}, { piiKey: undefined }))
    expect(error).to.include({ code: 'PII_KEY_MISSING', exitCode: 2 })
  })

  it('cannot be all that a table has', async () => {
    const columns = { name: { type: 'string', pii: 'drop' } }
    expect((await failure(transformText(place, 'name\nAda\n', { columns }))).code).to.equal('NO_COLUMNS_LEFT')
    expect(await place.published()).to.deep.equal([])
  })
})
