import { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { expect } from 'chai'
import sinon from 'sinon'
import { resourceError } from '../../src/transform/resource-error.js'
import { failure, transformText, Workplace } from './support/files.js'

const LINES = Array.from({ length: 50_000 }, (_, line) => `${line},${'x'.repeat(80)}${line}`)
const CSV = `a,b\n${LINES.join('\n')}\n`

describe('a transform that the machine has no room for', function () {
  this.timeout(60_000)
  let place: Workplace
  beforeEach(async () => (place = await Workplace.make()))
  afterEach(async () => {
    sinon.restore()
    await place.remove()
  })

  it('says that it needs more memory, and publishes nothing', async () => {
    const error = await failure(transformText(place, CSV, {}, { memoryLimitMb: 5 }))
    expect([error.code, error.exitCode]).to.deep.equal(['OUT_OF_MEMORY', 1])
    expect(error.message).to.match(/more memory than it may use: .*used\)$/)
    expect(await place.published()).to.deep.equal([])
  })

  it('says that the disk is full, and publishes nothing', async () => {
    // The words of DuckDB on a full disk, see below.
    const full = new Error('IO Error: Could not write file "x": No space left on device')
    for (const method of ['run', 'runAndReadAll'] as const) {
      const stub = sinon.stub(DuckDBConnection.prototype, method)
      stub.callThrough()
      stub.withArgs(sinon.match(/\bCOPY\b/)).rejects(full)
    }
    const error = await failure(transformText(place, CSV))
    expect([error.code, error.exitCode]).to.deep.equal(['DISK_FULL', 1])
    expect(error.message).to.contain('nothing was published')
    expect(await place.published()).to.deep.equal([])
  })

  it('knows how DuckDB says so', async () => {
    const instance = await DuckDBInstance.create(':memory:')
    const connection = await instance.connect()
    const error: unknown = await connection
      .run(`COPY (SELECT range FROM range(3_000_000)) TO '/dev/full' (FORMAT parquet)`)
      .catch((reason: unknown) => reason)
    connection.closeSync()
    instance.closeSync()
    expect(resourceError(error)?.code).to.equal('DISK_FULL')
    expect(resourceError(new Error('Binder Error: no such column'))).to.equal(undefined)
  })
})
