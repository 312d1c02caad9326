import { createHash } from 'node:crypto'
import { expect } from 'chai'
import type * as HashFile from '../../src/transform/hash/hash-file.js'
import { Workplace } from './support/files.js'

// The compiled code, because threads start from files.
const COMPILED = new URL('../../dist/transform/hash/hash-file.js', import.meta.url).href

describe('the hash of a file', () => {
  let place: Workplace
  let hashFile: typeof HashFile.hashFile
  before(async () => {
    place = await Workplace.make()
    hashFile = ((await import(COMPILED)) as typeof HashFile).hashFile
  })
  after(() => place.remove())

  for (const [name, megabytes] of [
    ['a small file', 1],
    ['a large file, in a thread of its own', 40],
  ] as const) {
    it(`is SHA-256: ${name}`, async () => {
      const content = Buffer.alloc(megabytes * 1024 * 1024 + 7, 'abcdefg')
      const sha256 = createHash('sha256').update(content).digest('hex')
      const path = await place.file('file', content)
      expect(await hashFile(path)).to.deep.equal({ sha256, bytes: content.length })
    })
  }

  it('ends when nobody wants it any more', async () => {
    const path = await place.file('file', Buffer.alloc(40 * 1024 * 1024))
    const stop = new AbortController()
    const hashing = hashFile(path, stop.signal)
    stop.abort(new Error('stopped'))
    await hashing.then(
      () => expect.fail('it went on'),
      (error: unknown) => expect(String(error)).to.include('stopped'),
    )
  })
})
