import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { datasetSchema } from '../../../src/config/dataset.js'
import { transformMerged } from '../../../src/transform/merge/transform-merged.js'
import { transformFile } from '../../../src/transform/transform.js'
import { readParquet, Workplace } from '../support/files.js'
import type { Death } from './dying.js'

const DYING = fileURLToPath(new URL('dying.ts', import.meta.url))
const STAGES = ['open', 'prescan', 'read', 'rejects', 'write', 'audit', 'publish']

const APPENDED = {
  columns: { day: 'date', id: 'integer', value: 'string' },
  partition: 'day',
  rejects: { max: 5 },
}
const MERGED = { ...APPENDED, partition: undefined, key: ['id'] }

const csv = (...rows: string[]) => `day,id,value\n${rows.map((row) => `${row}\n`).join('')}`
const BEFORE = csv('2026-01-01,1,a', '2026-01-02,2,a', '2026-01-03,3,a')
/** The third day is gone, a row is bad, and there is a fourth day. */
const AFTER = csv('2026-01-01,1,b', '2026-01-02,2,b', 'never,3,b', '2026-01-04,4,b')

describe('a transform that is killed, and run again', function () {
  this.timeout(300_000)
  let place: Workplace
  beforeEach(async () => {
    place = await Workplace.make()
  })
  afterEach(() => place.remove())

  const transform = async (config: object, content: string, modified: string) => {
    const file = await place.file('data.csv', content)
    await utimes(file, new Date(modified), new Date(modified))
    const parsed = datasetSchema.parse(config)
    const { out, scratch } = place
    const run = parsed.key === undefined ? transformFile : transformMerged
    return run({ file, dataset: 'data', config: parsed, out, scratch, threads: 1 })
  }
  const first = (config: object) => transform(config, BEFORE, '2026-02-01')
  const second = (config: object) => transform(config, AFTER, '2026-02-02')

  /** The second run, in a process of its own. @returns whether it was killed */
  const dies = async (config: object, death: Partial<Death>) => {
    const file = await place.file('data.csv', AFTER)
    await utimes(file, new Date('2026-02-02'), new Date('2026-02-02'))
    const { out, scratch } = place
    const argument: Death = { file, config, out, scratch, ...death }
    const child = spawn(process.execPath, ['--import', 'tsx', DYING, JSON.stringify(argument)], {
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    const [code, signal] = (await once(child, 'exit')) as [number | null, string | null]
    if (signal === null) expect(code).to.equal(0)
    return signal === 'SIGKILL'
  }

  /** Every row of the table, by the file that it is in; fails on a file that is not whole. */
  const tables = async () => {
    const paths = (await place.published()).filter((path) => /^data\/.*\.parquet$/.test(path))
    const files = new Map<string, string[]>()
    for (const path of paths) {
      const rows = await readParquet(join(place.out, path))
      files.set(
        path.split('/').at(-2) ?? '',
        rows.map(({ id, value }) => `${String(id)} ${String(value)}`),
      )
    }
    return Object.fromEntries(files)
  }

  /** Folders of a run that readers of tables do not look into. */
  const hidden = async () => (await readdir(place.out)).filter((entry) => entry.startsWith('.'))

  for (const [name, config] of Object.entries({ 'with a partition': APPENDED, 'with a key': MERGED })) {
    it(`${name}: old or new rows in each file, and the right ones after the next run`, async () => {
      await first(config)
      const old = await tables()
      await second(config)
      const [wanted, published] = [await tables(), await place.published()]

      const check = async (where: string, death: Partial<Death>) => {
        await place.remove()
        await mkdir(place.path)
        await first(config)
        if (!(await dies(config, death))) return false
        const half = await tables()
        for (const [file, rows] of Object.entries(half)) {
          expect([old[file], wanted[file]], `${file}, killed ${where}`).to.deep.include(rows)
        }
        const left = [...(await readdir(place.scratch)), ...(await hidden())]
        expect(left, where).not.to.deep.equal([])
        for (const each of left) expect(each).to.match(/^(datapipe|\.staged|\.merge)-[0-9a-f]{8}-\d+-/)
        await second(config)
        expect(await tables(), where).to.deep.equal(wanted)
        expect(await place.published(), where).to.deep.equal(published)
        expect(await readdir(place.scratch), where).to.deep.equal([])
        expect(await hidden(), where).to.deep.equal([])
        return true
      }
      for (const stage of STAGES) {
        // A key changes what happens after the stages, not what happens in them.
        if (config === MERGED && stage !== 'write') continue
        expect(await check(`as ${stage} starts`, { at: `${stage} started` })).to.equal(true)
      }
      let moves = 0
      while (await check(`after ${moves} files were moved`, { moves })) moves += 1
      expect(moves).to.be.greaterThan(4)
    })
  }

  it('what another process, machine or container works on is left alone', async () => {
    const own = (await first(APPENDED), await readdir(place.scratch))
    expect(own).to.deep.equal([])
    const others = ['datapipe-XyZ123', 'datapipe-00000000-1-abcdef', 'datapipe-notes']
    for (const other of others) await mkdir(join(place.scratch, other))
    await dies(APPENDED, { at: 'read started' })
    const [left = ''] = (await readdir(place.scratch)).filter((entry) => !others.includes(entry))
    const alive = left.replace(/^(datapipe-[0-9a-f]{8})-\d+-/, `$1-${process.ppid}-`)
    await mkdir(join(place.scratch, alive))
    await second(APPENDED)
    expect((await readdir(place.scratch)).sort()).to.deep.equal([...others, alive].sort())
  })
})
