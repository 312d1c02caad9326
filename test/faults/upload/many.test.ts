import type { ChildProcess } from 'node:child_process'
import { expect } from 'chai'
import { finished, type Document } from '../../support/cli.js'
import { ALL_FAULTS } from '../../support/faults.js'
import { MIB, most, Site, usageOf, type Usage } from './support.js'

const FILES = ALL_FAULTS ? 10_000 : 300

describe(`an upload of ${FILES} small files`, function () {
  this.timeout(3_600_000)
  let site: Site
  const names = Array.from(
    { length: FILES },
    (_, index) => `${String(index).padStart(5, '0')}_measurement.csv`,
  )
  const put = new Map<string, number>()

  before(async () => {
    site = await Site.open()
    for (const name of names) await site.user.write(name, `time,value\n${name},1\n`)
  })
  after(() => site.close())

  /** Runs it, and counts what is sent; `at` is called with the number of objects that were stored in this run. */
  async function run(at: (stored: number, child: ChildProcess) => void, ...args: string[]) {
    let usage: Usage | undefined
    let stored = 0
    const started = Date.now()
    const child = site.user.start('upload', ...names, ...args)
    site.s3.options = {
      executed: ({ key, operation }) => {
        if (operation !== 'PutObject') return
        put.set(key, (put.get(key) ?? 0) + 1)
        stored++
        if (stored % 50 === 0) usage = most(usage, usageOf(child.pid ?? 0))
        at(stored, child)
      },
    }
    const result = await finished(child)
    return { ...result, stored, usage, seconds: (Date.now() - started) / 1000 }
  }

  it('that is killed at half of them continues with the others, in bounded memory', async () => {
    const first = await run((stored, child) => {
      if (stored === FILES / 2) child.kill('SIGKILL')
    })
    expect(first.code).to.equal(null)
    const before = put.size
    expect(before).to.be.within(FILES / 2, FILES / 2 + 16)

    const second = await run(() => undefined, '--json')
    expect(second.code).to.equal(0)
    expect(second.stored).to.equal(FILES - before)
    const { result } = JSON.parse(second.stdout) as Document<{ files: { status: string }[] }>
    expect(result.files).to.have.length(FILES)
    expect(result.files.filter(({ status }) => status === 'skipped')).to.have.length(before)

    expect([...put.values()].every((times) => times === 1)).to.equal(true)
    expect(site.s3.store.objects.size).to.equal(FILES)
    for (const usage of [first.usage, second.usage]) {
      if (usage === undefined) continue
      expect(usage.peakBytes).to.be.lessThan(400 * MIB)
      expect(usage.openFiles).to.be.lessThan(100)
    }
    console.log(
      `      ${second.stored} files sent and ${before} skipped in ${second.seconds.toFixed(1)} s, ${peak(second.usage)}`,
    )
  })

  it('that are all there looks at each once, and says so in one line', async () => {
    site.s3.calls.length = 0
    const third = await run(() => undefined)
    expect(third.code).to.equal(0)
    expect(third.stored).to.equal(0)
    expect(site.s3.count('HeadObject')).to.equal(FILES)
    const rows = third.stdout.trim().split('\n')
    expect(rows).to.have.length(2)
    expect(rows[1]).to.match(new RegExp(`^skipped\\s+${FILES.toLocaleString('en-US')}\\s`))
    expect(third.stderr.split('\n').length).to.be.lessThan(5 + third.seconds)
  })

  it('that are new stores them all', async () => {
    site.s3.store.objects.clear()
    const fresh = await run(() => undefined)
    expect(fresh.code).to.equal(0)
    expect(site.s3.store.objects.size).to.equal(FILES)
    console.log(
      `      ${FILES} files in ${fresh.seconds.toFixed(1)} s, ${Math.round(FILES / fresh.seconds)}/s, ${peak(fresh.usage)}`,
    )
  })
})

function peak(usage: Usage | undefined): string {
  return `${Math.round((usage?.peakBytes ?? 0) / MIB)} MiB at most, ${usage?.openFiles ?? 0} open files`
}
