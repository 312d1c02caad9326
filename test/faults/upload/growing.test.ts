import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import { MIB, Site } from './support.js'

/** Appends for as long as it lives: with one open file, or opening and closing it for every line. */
const OPEN = `const { appendFileSync, openSync, writeSync } = require('fs')
const file = openSync(process.argv[1], 'a')
setInterval(() => writeSync(file, 'x'), 20)
console.log('writing')`
const CLOSED = `const { appendFileSync } = require('fs')
setInterval(() => appendFileSync(process.argv[1], 'x'), 2)
console.log('writing')`

describe('an upload of a file that an export still writes', function () {
  this.timeout(120_000)
  let site: Site

  beforeEach(async () => {
    site = await Site.open()
  })
  afterEach(() => site.close())

  async function whileWriting<T>(program: string, path: string, action: () => Promise<T>): Promise<T> {
    const writer = spawn(process.execPath, ['-e', program, path], { stdio: ['ignore', 'pipe', 'inherit'] })
    try {
      await once(writer.stdout, 'data')
      return await action()
    } finally {
      writer.kill('SIGKILL')
      await once(writer, 'close')
    }
  }

  for (const bytes of [1000, 20 * MIB]) {
    it(`of ${bytes} bytes and keeps open is refused before anything is sent`, async function () {
      if (process.platform !== 'linux') this.skip()
      const path = await site.user.write('a.csv', randomBytes(bytes))
      const { code, error } = await whileWriting(OPEN, path, () => site.user.json('upload', 'a.csv'))
      expect(code).to.equal(1)
      expect(error?.code).to.equal('FILE_BEING_WRITTEN')
      expect(site.s3.calls).to.deep.equal([])
    })
  }

  it('and opens again and again is refused, and nothing of it is kept', async () => {
    const path = await site.user.write('20230703_a.csv', randomBytes(20 * MIB))
    const upload = () => site.user.json('upload', '--newest', '*_a.csv')
    const { code, error } = await whileWriting(CLOSED, path, upload)
    expect(code).to.equal(1)
    expect(error?.code).to.be.oneOf(['FILE_CHANGED', 'FILE_BEING_WRITTEN'])
    expect(site.s3.store.objects.size).to.equal(0)
    expect(site.s3.store.uploads.size).to.equal(0)
    expect((await upload()).ok).to.equal(true)
    expect(site.s3.store.objects.size).to.equal(1)
  })
})
