import { execFile } from 'node:child_process'
import { open, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { Workplace } from '../support/files.js'
import type { Measured } from './measured.js'

const MEASURED = fileURLToPath(new URL('measured.ts', import.meta.url))
const MEMORY_LIMIT_MB = 128
const HEADER = 'id,value,name\n'

describe('memory that bad rows take', function () {
  this.timeout(300_000)
  let place: Workplace
  beforeEach(async () => {
    place = await Workplace.make()
  })
  afterEach(() => place.remove())

  const write = async (...parts: { text: string; times?: number }[]) => {
    const path = join(place.path, 'data.csv')
    const file = await open(path, 'w')
    for (const { text, times = 1 } of parts) for (let i = 0; i < times; i++) await file.write(text)
    await file.close()
    return path
  }
  const measure = async (file: string): Promise<Measured> => {
    const { stdout } = await promisify(execFile)(process.execPath, [
      ...['--import', 'tsx', MEASURED],
      ...[file, place.out, place.scratch, String(MEMORY_LIMIT_MB)],
    ])
    return JSON.parse(stdout) as Measured
  }

  it('a line of 200 MB is never held as a whole', async () => {
    const { mebibytes: least } = await measure(await write({ text: `${HEADER}1,1,a\n` }))
    const file = await write(
      { text: `${HEADER}1,1,a\n2,2,` },
      { text: 'x'.repeat(1_000_000), times: 200 },
      { text: '\n3,3,c\n' },
    )
    expect((await stat(file)).size).to.be.greaterThan(200_000_000)
    const { mebibytes, ...rows } = await measure(file)
    expect(rows).to.deep.equal({ rowsAccepted: 2, rowsRejected: 1 })
    expect(mebibytes - least).to.be.lessThan(150)
  })

  it('400,000 rows with a wrong number of fields stay within the memory of the transform', async () => {
    const { mebibytes, ...rows } = await measure(
      await write({ text: HEADER }, { text: '1\n'.repeat(1000), times: 400 }, { text: '3,3,c\n' }),
    )
    expect(rows).to.deep.equal({ rowsAccepted: 1, rowsRejected: 400_000 })
    expect(mebibytes).to.be.lessThan(MEMORY_LIMIT_MB + 512)
  })
})
