import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import { finished, type Document } from '../../support/cli.js'
import { faultPositions } from '../../support/faults.js'
import { MIB, Site } from './support.js'

const KEY = 'inbox/a/a.csv'

describe('an upload that is killed', function () {
  this.timeout(1_800_000)
  const data = randomBytes(41 * MIB)
  let site: Site

  before(async () => {
    site = await Site.open()
    await site.user.write('a.csv', data)
  })
  after(() => site.close())

  const upload = () => site.user.json<{ files: { status: string }[] }>('upload', 'a.csv')

  /** @returns whether it got as far as that request */
  async function killAt(position: number, executed: boolean): Promise<boolean> {
    const child = site.user.start('upload', 'a.csv', '--quiet')
    let killed = false
    const kill = (count: number) => {
      if (count !== position) return false
      child.kill('SIGKILL')
      return (killed = true)
    }
    site.s3.options = {
      fault: (_call, count) => {
        if (killed) return { kind: 'cut', executed: false }
        if (executed) return count === position ? { kind: 'cut', executed: true } : undefined
        return kill(count) ? { kind: 'cut', executed: false } : undefined
      },
      executed: (_call, count) => void (executed && kill(count)),
    }
    await finished(child)
    site.s3.options = {}
    return killed
  }

  for (const executed of [false, true]) {
    const when = executed ? 'after' : 'before'
    it(`${when} any of its requests is carried out sends only what is missing, and stores the file once`, async () => {
      let tried = 0
      for (const position of faultPositions(`upload killed ${when}`, 5)) {
        site.s3.store.objects.clear()
        site.s3.store.uploads.clear()
        site.s3.calls.length = 0
        if (!(await killAt(position + 1, executed))) break
        tried++
        const arrived = [...site.s3.store.uploads.values()].flatMap(({ parts }) => [...parts.keys()])
        const wasDone = site.versions(KEY).length > 0
        site.s3.calls.length = 0
        const again: Document<{ files: { status: string }[] }> = await upload()
        const what = `killed ${when} request ${position + 1}`
        expect(again.ok, what).to.equal(true)
        expect(again.result.files[0]!.status, what).to.equal(wasDone ? 'skipped' : 'uploaded')
        const missing = wasDone ? [] : [1, 2, 3, 4, 5, 6].filter((number) => !arrived.includes(number))
        expect(
          [...site.s3.sentParts()].sort(([a], [b]) => a - b),
          what,
        ).to.deep.equal(missing.map((number) => [number, 1]))
        expect(
          site.versions(KEY).map(({ content }) => content?.equals(data)),
          what,
        ).to.deep.equal([true])
        expect(site.s3.store.uploads.size, what).to.equal(0)
        expect(site.leftovers(), what).to.deep.equal([])
      }
      expect(tried).to.be.greaterThan(1)
    })
  }

  for (const stop of ['SIGINT', 'SIGTERM'] as const) {
    it(`by ${stop} says what stays, and continues`, async () => {
      site.s3.store.objects.clear()
      const child = site.user.start('upload', 'a.csv')
      let stopping = false
      site.s3.options = {
        fault: ({ partNumber }) => {
          if (partNumber < 5) return undefined
          // The second one would end it at once.
          if (!stopping) child.kill(stop)
          stopping = true
          return { kind: 'silence' }
        },
      }
      const stopped = await finished(child)
      site.s3.options = {}
      expect(stopped.code).to.equal(130)
      const [begun] = site.s3.store.uploads.values()
      const arrived = [...begun!.parts.keys()]
      expect(arrived.length).to.be.greaterThan(0)
      expect(stopped.stderr).to.match(/a\.csv: \d+(\.\d)? MB of 43\.0 MB have arrived and stay for 7 days\./)
      expect(stopped.stderr).to.include('Interrupted: 0 of 1 files are uploaded.')
      site.s3.calls.length = 0
      expect((await upload()).ok).to.equal(true)
      expect(site.s3.sentParts().size).to.equal(6 - arrived.length)
      expect(site.versions(KEY)).to.have.length(1)
      expect(site.leftovers()).to.deep.equal([])
    })
  }
})
