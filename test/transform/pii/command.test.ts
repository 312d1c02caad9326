import { createHmac } from 'node:crypto'
import { expect } from 'chai'
import { datasetSchema } from '../../../src/config/dataset.js'
import { transformFiles } from '../../../src/operate/transform-files.js'
import { PII_KEY_VARIABLE } from '../../../src/transform/pii/key.js'
import { failure, readParquet, Workplace } from '../support/files.js'

const CANARY = 'canary-of-the-command-0123456789-0123456789'

describe('personal data in datapipe transform', () => {
  let place: Workplace
  let before: string | undefined
  beforeEach(async () => {
    place = await Workplace.make()
    before = process.env[PII_KEY_VARIABLE]
    Reflect.deleteProperty(process.env, PII_KEY_VARIABLE)
  })
  afterEach(async () => {
    Reflect.deleteProperty(process.env, PII_KEY_VARIABLE)
    if (before !== undefined) process.env[PII_KEY_VARIABLE] = before
    await place.remove()
  })

  const events: unknown[] = []
  const run = async (text: string, config: object = {}) => {
    const file = await place.file('people.csv', text)
    const columns = { id: 'integer', email: { type: 'string', pii: 'hash' } }
    return transformFiles({
      files: [file],
      out: place.out,
      datasets: { people: datasetSchema.parse({ columns, ...config }) },
      dataset: 'people',
      signal: new AbortController().signal,
      onEvent: (_, event) => events.push(event),
    })
  }

  it('hashes with the key of the environment variable', async () => {
    process.env[PII_KEY_VARIABLE] = Buffer.from(CANARY).toString('base64')
    const result = await run('id,email\n1,a@example.com\n')
    const rows = await readParquet(result.outputs[0]?.path ?? '')
    const hash = createHmac('sha256', CANARY).update('a@example.com').digest('hex')
    expect(rows).to.deep.equal([{ id: 1, email: hash }])
    expect(JSON.stringify([result, events])).not.to.include(process.env[PII_KEY_VARIABLE])
  })

  it('says which variable is missing or wrong, and nothing of what it holds', async () => {
    const missing = await failure(run('id,email\n1,a@example.com\n'))
    expect(missing).to.include({ code: 'PII_KEY_MISSING', exitCode: 2 })
    expect(missing.message).to.include('DATAPIPE_PII_KEY')
    process.env[PII_KEY_VARIABLE] = 'c2hvcnQ='
    const short = await failure(run('id,email\n1,a@example.com\n'))
    expect(short.code).to.equal('PII_KEY_INVALID')
    expect(short.message + short.suggestions.join(' ')).not.to.include('c2hvcnQ')
  })

  it('keeps the key out of what goes wrong in the engine', async () => {
    process.env[PII_KEY_VARIABLE] = Buffer.from(CANARY).toString('base64')
    const all = ['', 'hex', 'base64', 'binary'].map((encoding) =>
      encoding === '' ? CANARY : Buffer.from(CANARY).toString(encoding as BufferEncoding),
    )
    for (const sql of [
      'select cast(email as integer) as n from input',
      'select error(email) as n from input',
      'select * from "#hmac"',
      'select * from duckdb_tables()',
    ]) {
      const error = await failure(run('id,email\n1,a@example.com\n', { sql }))
      const told = JSON.stringify([
        error.message,
        error.suggestions,
        error.result,
        String(error.cause),
        events,
      ])
      for (const secret of all) expect(told).not.to.include(secret)
      expect(told).not.to.include('a@example.com')
    }
  })
})
