import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { configurationOf, datasetSchema } from '../../src/config/dataset.js'
import type { CatalogTable } from '../../src/operate/query/catalog.js'
import { DuckDbSession } from '../../src/operate/query/duckdb-session.js'
import { createEmptyTable, replaceByView } from '../../src/operate/query/table-views.js'
import { withPart } from '../../src/operate/rejects/complete-file.js'

const SRC = fileURLToPath(new URL('../../src/', import.meta.url))

describe('hostile names', () => {
  let folder: string
  let session: DuckDbSession
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'datapipe-names-'))
    session = await DuckDbSession.open(join(folder, 'objects'), 'dp')
  })
  afterEach(async () => {
    await session.close()
    await rm(folder, { recursive: true })
  })

  const table = (over: Partial<CatalogTable>): CatalogTable => ({
    name: 'other',
    columns: [{ name: 'a', type: 'string' }],
    partitionKeys: [],
    location: 's3://bucket/other/',
    format: 'parquet',
    jsonNames: {},
    ...over,
  })
  const tables = async () => {
    const shown = await session.connection.runAndReadAll('show tables')
    return shown.getRows().map(([name]) => name)
  }

  const HOSTILE = [
    `x"; DROP TABLE kept; --`,
    `x'); DROP TABLE kept; --`,
    `x" AS SELECT 1; --`,
    'constructor',
    '__proto__',
  ]

  for (const name of HOSTILE) {
    it(`in the catalog are names in SQL: ${name}`, async () => {
      await createEmptyTable(session.connection, table({ name: 'kept' }))
      await createEmptyTable(session.connection, table({ name, columns: [{ name, type: 'string' }] }))
      expect(await tables()).to.have.members(['kept', name])
    })

    it(`in the catalog and in paths are names in SQL of files: ${name}`, async () => {
      await createEmptyTable(session.connection, table({ name: 'kept' }))
      const json = table({
        name,
        format: 'json',
        columns: [{ name, type: 'string' }],
        partitionKeys: [{ name: `${name}p`, type: 'string' }],
      })
      const path = join(folder, 'objects', `it's a ${name.replaceAll('/', '')}.json`)
      await writeFile(path, `${JSON.stringify(Object.fromEntries([[name, 'value']]))}\n`)
      await createEmptyTable(session.connection, json)
      await replaceByView(session.connection, { ...json, partitionKeys: [] }, [path])
      expect(await tables()).to.have.members(['kept', name])
      const read = await session.connection.runAndReadAll(`SELECT * FROM "${name.replaceAll('"', '""')}"`)
      expect(read.getRows()).to.deep.equal([['value']])
    })
  }

  it('of types are no SQL', async () => {
    await createEmptyTable(session.connection, table({ name: 'kept' }))
    const type = `struct<a"; DROP TABLE kept; --:int>`
    await createEmptyTable(session.connection, table({ columns: [{ name: 'a', type }] }))
    await createEmptyTable(
      session.connection,
      table({ name: 'third', columns: [{ name: 'a', type: 'int); DROP TABLE kept; --' }] }),
    )
    expect(await tables()).to.have.members(['kept', 'other', 'third'])
  })

  it('of sheets stay in the folder of the export', () => {
    for (const sheet of ['../../x', '/etc/passwd', 'a\0b', '..', '$(x)', 'con', '\u202Ex']) {
      const path = withPart('/out/bad.csv', sheet.replace(/[^\p{L}\p{N}]+/gu, '_'))
      expect(path).to.match(/^\/out\/bad[^/\0]*\.csv$/)
    }
  })

  it('of datasets are looked up among those that are configured', () => {
    const configured = { t: datasetSchema.parse({ rejects: { max: 7 } }) }
    expect(configurationOf(configured, 't').rejects.max).to.equal(7)
    for (const name of ['constructor', '__proto__', 'toString', 'u']) {
      expect(configurationOf(configured, name)).to.deep.equal(datasetSchema.parse({}))
    }
  })

  it('reach no shell: no process is started with one', () => {
    const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.ts'),
    )
    const starters = files.filter((name) =>
      /from '(node:child_process|execa)'/.test(readFileSync(join(SRC, name), 'utf8')),
    )
    expect(starters.length).to.be.greaterThan(3)
    for (const name of starters) {
      const code = readFileSync(join(SRC, name), 'utf8')
      expect(code, name).not.to.match(/\bshell\b\s*:/)
      expect(code, name).not.to.match(
        /import \{[^}]*\b(exec|execSync|execaCommand|\$)\b[^}]*\} from '(node:child_process|execa)'/,
      )
    }
  })
})
