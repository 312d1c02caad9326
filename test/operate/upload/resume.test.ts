import { createHash, randomBytes } from 'node:crypto'
import { chmodSync, renameSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { partPlan } from '../../../src/operate/upload/parts.js'
import { objectHead } from '../../../src/operate/upload/target.js'
import { findUnfinished } from '../../../src/operate/upload/unfinished.js'
import type { UploadEvent } from '../../../src/operate/upload/upload.js'
import { emulatedContext, failure, signal } from '../support.js'
import { MIB, Scene } from './s3/scene.js'

const KEY = 'inbox/a/a.csv'
const EXPIRED = { kind: 'refuse', status: 400, code: 'ExpiredToken' } as const

describe('an upload in parts', function () {
  this.timeout(60_000)
  const data = randomBytes(33 * MIB)
  let scene: Scene

  beforeEach(async () => {
    scene = new Scene()
    await scene.begin()
    await scene.write('a.csv', data)
  })
  afterEach(() => scene.end())

  const name = (error: unknown) => (error instanceof Error ? error.name : '')
  const failed = (action: Promise<unknown>) => action.then(() => '', name)

  /** What is visible is the file, once, and nothing is left over. */
  function expectDone(content: Buffer = data, versions = 1): void {
    expect(scene.versions(KEY)).to.have.length(versions)
    expect(scene.versions(KEY).at(-1)?.content?.equals(content)).to.equal(true)
    expect(scene.s3.store.uploads.size).to.equal(0)
  }

  async function begin(failingPart: number): Promise<number[]> {
    scene.fail('UploadPart', EXPIRED, { part: failingPart })
    expect(await failed(scene.send(['a.csv']))).to.equal('ExpiredToken')
    expect(scene.versions(KEY)).to.have.length(0)
    scene.heal()
    const [upload] = scene.s3.store.uploads.values()
    return [...upload!.parts.keys()]
  }

  for (const part of [1, 3, 5]) {
    it(`whose login expires at part ${part} continues after the next login with what is missing`, async () => {
      const arrived = await begin(part)
      expect(arrived).not.to.include(part)
      const { files } = await scene.send(['a.csv'])
      expect(scene.sent).to.deep.equal([1, 2, 3, 4, 5].filter((number) => !arrived.includes(number)))
      expect(scene.s3.count('CreateMultipartUpload')).to.equal(0)
      expect(files[0]).to.deep.include({
        status: 'uploaded',
        sha256: createHash('sha256').update(data).digest('hex'),
        versionId: scene.versions(KEY)[0]!.versionId,
      })
      expectDone()
    })
  }

  it('continues on another machine that has the same file', async () => {
    const arrived = await begin(5)
    scene.on('other machine')
    await scene.send(['a.csv'])
    expect(scene.sent).to.have.length(5 - arrived.length)
    expectDone()
  })

  it('tells what of it stays, and what was there already', async () => {
    const events: UploadEvent[] = []
    scene.fail('UploadPart', EXPIRED, { part: 5 })
    await failed(scene.send(['a.csv'], (event) => events.push(event)))
    scene.heal()
    const left = events.find((event) => event.type === 'upload.left')
    const [upload] = scene.s3.store.uploads.values()
    const keptBytes = [...upload!.parts.values()].reduce((sum, { bytes }) => sum + bytes, 0)
    expect(left).to.include({ path: 'a.csv', bytes: data.length })
    // What was under way when it failed may have arrived all the same.
    expect(left!.leftBytes).to.be.within(8 * MIB, keptBytes)
    let last: UploadEvent | undefined
    await scene.send(['a.csv'], (event) => {
      if (event.type === 'upload.progress') last = event
    })
    const rest = { keptBytes, sentBytes: data.length - keptBytes }
    expect(last).to.deep.equal({ type: 'upload.progress', path: 'a.csv', bytes: data.length, ...rest })
  })

  it('sends a part again that is not what the file has there', async () => {
    await begin(5)
    const [upload] = scene.s3.store.uploads.values()
    const second = upload!.parts.get(2)!
    upload!.parts.set(2, { ...second, sha256: createHash('sha256').update('other').digest('base64') })
    const arrived = [...upload!.parts.keys()]
    await scene.send(['a.csv'])
    expect(scene.sent).to.include(2)
    expect(scene.sent).to.have.length(5 - arrived.length + 1)
    expectDone()
  })

  it('of a file that changed is removed, and begun anew', async () => {
    await begin(5)
    const [old] = scene.s3.store.uploads.keys()
    const other = randomBytes(data.length)
    await scene.write('a.csv', other)
    await scene.send(['a.csv'])
    expect(scene.s3.count('AbortMultipartUpload')).to.equal(1)
    expect(scene.s3.store.uploads.has(old!)).to.equal(false)
    expect(scene.sent).to.deep.equal([1, 2, 3, 4, 5])
    expectDone(other)
  })

  it('of a file that grew keeps the parts which are the same', async () => {
    await begin(5)
    const more = randomBytes(9 * MIB)
    await appendFile(join(scene.folder, 'a.csv'), more)
    await scene.send(['a.csv'])
    expect(scene.sent).to.include.members([5, 6]).and.not.include(1)
    expectDone(Buffer.concat([data, more]))
  })

  it('of several that were begun for the file continues the furthest, and removes the others', async () => {
    await begin(5)
    scene.s3.store.create(KEY, {})
    scene.s3.store.create(`${KEY}.gz`, {})
    await scene.send(['a.csv'])
    expect(scene.sent.length).to.be.lessThan(5)
    expect(scene.versions(KEY)).to.have.length(1)
    expect([...scene.s3.store.uploads.values()].map(({ key }) => key)).to.deep.equal([`${KEY}.gz`])
  })

  it('finds what arrived also when S3 lists it on several pages', async () => {
    const uploadId = scene.s3.store.create(KEY, {})
    const plan = partPlan(2500 * 8 * MIB + 1)
    const part = (bytes: number) => ({ bytes, sha256: 'x', content: undefined })
    for (let number = 1; number <= 2300; number++) scene.s3.store.putPart(uploadId, number, part(8 * MIB))
    // Of another plan: it is of no use.
    scene.s3.store.putPart(uploadId, 2301, part(9 * MIB))
    const aws = emulatedContext(scene.s3.endpoint)
    const target = { bucket: aws.names.bucket('raw'), key: KEY, dataset: 'a' }
    const head = objectHead(aws, target, { name: 'a.csv', uploadedBy: 'here' })
    const found = await findUnfinished(aws, head, plan, signal)
    aws.clients.destroy()
    expect(found).to.have.length(1)
    expect([...found![0]!.parts.keys()]).to.deep.equal(Array.from({ length: 2300 }, (_, index) => index + 1))
  })

  it('is not kept by whoever may not look for it', async () => {
    scene.s3.options.fault = ({ operation, partNumber }) => {
      if (operation === 'ListMultipartUploads') return { kind: 'refuse', status: 403, code: 'AccessDenied' }
      return partNumber === 3 ? EXPIRED : undefined
    }
    const warnings: string[] = []
    const warn = (event: UploadEvent) => event.type === 'upload.warning' && warnings.push(event.message)
    expect(await failed(scene.send(['a.csv'], warn))).to.equal('ExpiredToken')
    expect(warnings.join()).to.include('s3:ListBucketMultipartUploads')
    expect(scene.s3.store.uploads.size).to.equal(0)
    scene.s3.options.fault = ({ operation }) =>
      operation === 'ListMultipartUploads' ? { kind: 'refuse', status: 403, code: 'AccessDenied' } : undefined
    await scene.send(['a.csv'])
    expectDone()
  })

  describe('of a file that changes meanwhile', () => {
    const path = () => join(scene.folder, 'a.csv')

    /** Does something to the file when the first part has arrived. */
    function meanwhile(action: () => void): Promise<unknown> {
      let done = false
      return scene.send(['a.csv'], (event) => {
        if (event.type !== 'upload.progress' || done) return
        done = true
        action()
      })
    }

    const changes: [what: string, change: () => void][] = [
      ['and is put back in time', () => changed(false)],
      ['in its last byte', () => changed(true)],
      ['into another one of the same name', () => replaced()],
      ['by growing', () => void writeFileSync(path(), 'x', { flag: 'a' })],
    ]
    for (const [what, change] of changes) {
      it(`${what} keeps nothing`, async () => {
        const error = await failure(meanwhile(change))
        expect(error.code).to.equal('FILE_CHANGED')
        expect(scene.versions(KEY)).to.have.length(0)
        expect(scene.s3.store.uploads.size).to.equal(0)
      })
    }

    it('only in its rights is read once more, and kept', async () => {
      await meanwhile(() => chmodSync(path(), 0o600))
      expectDone()
    })

    function changed(isLater: boolean): void {
      const { atime, mtime } = statSync(path())
      const other = Buffer.from(data)
      other[other.length - 1] = (other.at(-1) ?? 0) ^ 1
      writeFileSync(path(), other)
      if (!isLater) utimesSync(path(), atime, mtime)
    }

    function replaced(): void {
      const { atime, mtime } = statSync(path())
      const other = join(scene.folder, 'other')
      writeFileSync(other, randomBytes(data.length))
      utimesSync(other, atime, mtime)
      renameSync(other, path())
    }
  })
})
