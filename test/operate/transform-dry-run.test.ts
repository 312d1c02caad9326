import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { datasetSchema } from '../../src/config/dataset.js'
import { DatapipeError } from '../../src/errors.js'
import {
  transformFiles,
  type FileReading,
  type TransformFilesRequest,
} from '../../src/operate/transform-files.js'

const COLUMNS = { id: 'integer', t: 'timestamp', v: 'double' }
const GOOD = 'id,t,v\n1,2023-06-26 21:05:00,1.5\n2,2023-06-26 21:05:01,2.5\n'
const BAD = 'id,t,v\n1,2023-06-26 21:05:00,1.5\n2,yesterday,2.5\n3,2023-06-26 21:05:01,high\n'

describe('transform --dry-run', () => {
  let folder: string
  let scratch: string
  let before: string | undefined
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'datapipe-test-'))
    scratch = join(folder, 'tmp')
    before = process.env.TMPDIR
    await mkdtemp(join(folder, 'tmp'))
    process.env.TMPDIR = scratch
  })
  afterEach(async () => {
    if (before === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = before
    await rm(folder, { recursive: true, force: true })
  })

  async function run(
    content: string,
    config: object = {},
    overrides: Partial<TransformFilesRequest> = {},
  ): ReturnType<typeof transformFiles> {
    const file = join(folder, 'data.csv')
    await writeFile(file, content)
    return transformFiles({
      files: [file],
      out: undefined,
      dataset: 'data',
      datasets: { data: datasetSchema.parse(config) },
      signal: new AbortController().signal,
      onEvent: () => undefined,
      ...overrides,
    })
  }

  const refused = async (content: string, config: object, overrides: Partial<TransformFilesRequest> = {}) => {
    try {
      await run(content, config, overrides)
    } catch (error) {
      if (error instanceof DatapipeError) return error
      throw error
    }
    throw new Error('It did not fail.')
  }

  it('tells columns, rows and checks, and leaves nothing', async () => {
    const checks = [{ row_count: { min: 5 }, severity: 'warn' }]
    const result = await run(GOOD, { columns: COLUMNS, checks, partition: 'day(t)' })
    const [reading] = result.readings ?? []
    expect(reading).to.deep.include({ rowsIn: 2, rowsAccepted: 2, rowsRejected: 0, rejects: [], drift: [] })
    expect(reading?.inputs).to.deep.equal([
      {
        name: 'input',
        rowsAccepted: 2,
        columns: Object.entries(COLUMNS).map(([name, type]) => ({ name, type, origin: 'declared' })),
      },
    ])
    expect(reading?.checks).to.deep.equal([
      {
        name: 'row_count',
        kind: 'row_count',
        severity: 'warn',
        passed: false,
        failed: 1,
        detail: '2 rows; at least 5 are expected',
      },
    ])
    expect(result).to.deep.include({ rowsIn: 2, rowsOut: 2, rowsRejected: 0, outputs: [], rejects: [] })
    expect(result.wouldWrite?.files).to.equal(1)
    expect(result.wouldWrite?.bytes).to.be.greaterThan(0)
    expect(await readdir(folder)).to.deep.equal(['data.csv', ...(await temporary())])
    expect(await readdir(scratch).catch(() => [])).to.deep.equal([])
  })

  const temporary = async () => (await readdir(folder)).filter((name) => name.startsWith('tmp'))

  it('says which types it inferred', async () => {
    const { readings } = await run(GOOD)
    expect(readings?.[0]?.inputs[0]?.columns).to.deep.equal([
      { name: 'id', type: 'bigint', origin: 'inferred' },
      { name: 't', type: 'timestamp', origin: 'inferred' },
      { name: 'v', type: 'double', origin: 'inferred' },
    ])
  })

  it('shows the first rejected rows with line, column and reason', async () => {
    const { readings } = await run(BAD, { columns: COLUMNS, rejects: { max: 2 } })
    expect(readings?.[0]).to.deep.include({ rowsIn: 3, rowsAccepted: 1, rowsRejected: 2 })
    expect(readings?.[0]?.rejects.map(({ line, column }) => [line, column])).to.deep.equal([
      [3, 't'],
      [4, 'v'],
    ])
    expect(readings?.[0]?.rejects[1]?.reason).to.equal('v: "high" is not a finite number')
  })

  it('ends as the run would, and still tells what was read', async () => {
    const seen: FileReading[] = []
    const onRead = (reading: FileReading) => void seen.push(reading)
    const fails = [
      [BAD, { columns: COLUMNS, rejects: { max: 1 } }],
      [GOOD, { columns: COLUMNS, checks: [{ row_count: { min: 5 }, severity: 'fail' }] }],
      [GOOD, { columns: COLUMNS, sql: 'select id / (id - 1) as x, error(1) as y from input' }],
      ['id,t\n1,2023-06-26 21:05:00\n', { columns: COLUMNS }],
    ] as const
    for (const [content, config] of fails) {
      seen.length = 0
      const dry = await refused(content, config, { onRead })
      const real = await refused(content, config, { out: join(folder, 'out') })
      expect([dry.code, dry.exitCode, dry.message]).to.deep.equal([real.code, real.exitCode, real.message])
      if (seen.length > 0) expect((dry.result as { readings: unknown }).readings).to.deep.equal(seen)
    }
    const over = await refused(BAD, { columns: COLUMNS, rejects: { max: 1 } }, { onRead })
    expect(over.exitCode).to.equal(5)
    expect(seen).to.have.length(1)
    expect(seen[0]?.rejects).to.have.length(2)
    expect(over.suggestions.join()).to.not.contain('.csv')
  })

  it('does not look for a table with a key', async () => {
    const result = await run(GOOD, { columns: COLUMNS, key: ['id'] })
    expect(result.outputs).to.deep.equal([])
    expect((await readdir(folder)).filter((name) => !name.startsWith('tmp'))).to.deep.equal(['data.csv'])
  })

  it('quotes no value of a dataset with personal data', async () => {
    const columns = { ...COLUMNS, v: { type: 'double', pii: 'mask' } }
    const { readings } = await run(BAD, { columns, rejects: { max: 2 } }, { summarize: true })
    expect(JSON.stringify(readings)).to.not.contain('high').and.not.contain('yesterday')
    const personal = readings?.[0]?.inputs[0]?.columns[2]
    expect(personal).to.deep.equal({
      name: 'v',
      type: 'double',
      origin: 'declared',
      pii: 'mask',
      summary: {
        nulls: 0,
        distinct: 1,
        distinctIsExact: true,
        withheld: true,
        min: null,
        max: null,
        mean: null,
        histogram: null,
      },
    })
  })

  it('has no readings in the result of a plain run', async () => {
    const result = await run(GOOD, { columns: COLUMNS }, { out: join(folder, 'out') })
    expect(result).to.not.have.any.keys('readings', 'wouldWrite')
    expect(result.outputs).to.have.length(1)
  })
})
