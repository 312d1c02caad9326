import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import { MIB, Site } from './support.js'

describe('the progress of an upload', function () {
  this.timeout(120_000)
  let site: Site

  before(async () => {
    site = await Site.open({
      fault: ({ operation }) => (slow.has(operation) ? { kind: 'slow', ms: 3000 } : undefined),
    })
  })
  after(() => site.close())

  const slow = new Set(['UploadPart', 'PutObject'])
  const NUMBER = String.raw`\d+(\.\d)?`
  const SPEED = String.raw`${NUMBER} [kM]?B/s, (${NUMBER} s|\d+ min \d\d s) left`

  it('of a large file says how much there is, how fast it goes and how long it takes', async () => {
    await site.user.write('a.csv', randomBytes(60 * MIB))
    const { stderr } = await site.user.run('upload', 'a.csv')
    expect(stderr).to.match(
      new RegExp(String.raw`^a\.csv: ${NUMBER} MB of 62\.9 MB \(\d+ %\), ${SPEED}$`, 'm'),
    )
  })

  it('of many files counts them', async () => {
    const names = Array.from({ length: 50 }, (_, index) => `${index}_a.csv`)
    for (const name of names) await site.user.write(name, name.repeat(1000))
    const { stderr, stdout } = await site.user.run('upload', ...names)
    expect(stderr).to.include('Uploading 50 files (')
    expect(stderr).to.match(
      new RegExp(String.raw`^\d+ of 50 files: ${NUMBER} kB of ${NUMBER} kB \(\d+ %\), ${SPEED}$`, 'm'),
    )
    expect(stdout.trim().split('\n')).to.have.length(2)
    expect(stdout).to.match(/^uploaded\s+50\s/m)
  })
})
