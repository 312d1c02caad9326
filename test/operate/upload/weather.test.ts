import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import { expect } from 'chai'
import { UploadClient } from '../../../src/operate/upload/client.js'
import type { UploadResult } from '../../../src/operate/upload/upload.js'
import { failure } from '../support.js'
import { MIB, Scene } from './s3/scene.js'

describe('an upload through bad weather', function () {
  this.timeout(60_000)
  let scene: Scene

  beforeEach(async () => {
    scene = new Scene()
    await scene.begin()
  })
  afterEach(() => scene.end())

  const sizes = { small: 1000, large: 20 * MIB }
  const writes = { small: 'PutObject', large: 'CompleteMultipartUpload' }
  const bodies = { small: 'PutObject', large: 'UploadPart' }
  const key = 'inbox/a/a.csv'

  for (const size of ['small', 'large'] as const) {
    describe(`of a ${size} file`, () => {
      let data: Buffer

      beforeEach(async () => {
        data = randomBytes(sizes[size])
        await scene.write('a.csv', data)
      })

      function expectOnce(): void {
        expect(scene.versions(key).map(({ content }) => content?.equals(data))).to.deep.equal([true])
        expect(scene.s3.store.uploads.size).to.equal(0)
      }

      it('does it once when the answer is lost', async () => {
        scene.fail(writes[size], { kind: 'cut', executed: true }, { times: 1 })
        const { files } = await scene.send(['a.csv'])
        expectOnce()
        expect(files[0]).to.include({ status: 'uploaded', versionId: scene.versions(key)[0]!.versionId })
      })

      it('does it once when the request is lost', async () => {
        scene.fail(writes[size], { kind: 'cut', executed: false }, { times: 2 })
        const { files } = await scene.send(['a.csv'])
        expectOnce()
        expect(files[0]!.status).to.equal('uploaded')
      })

      it('sends a body again that was changed on its way', async () => {
        scene.fail(bodies[size], { kind: 'flip' }, { times: 2 })
        await scene.send(['a.csv'])
        expectOnce()
      })

      it('gives a body up that is always changed, and nothing of it is visible', async () => {
        scene.fail(bodies[size], { kind: 'flip' })
        const error = await failure(scene.send(['a.csv']))
        expect(error.code).to.equal('UPLOAD_CORRUPTED')
        expect(error.message).to.include('arrived damaged 3 times')
        expect(scene.versions(key)).to.have.length(0)
      })

      it('tries again what S3 could not do', async () => {
        scene.fail(writes[size], { kind: 'refuse', status: 503, code: 'SlowDown' }, { times: 2 })
        await scene.send(['a.csv'])
        expectOnce()
      })

      it('replaces what another machine wrote meanwhile', async () => {
        let written = false
        scene.s3.options.fault = ({ operation }) => {
          if (operation === writes[size] && !written) {
            written = true
            scene.s3.store.put(key, { bytes: 5, sha256: 'other', content: Buffer.from('other') }, {})
          }
          return undefined
        }
        const { files } = await scene.send(['a.csv'])
        expect(files[0]!.status).to.equal('uploaded')
        expect(scene.versions(key)).to.have.length(2)
        expect(scene.versions(key).at(-1)?.content?.equals(data)).to.equal(true)
        expect(scene.s3.store.uploads.size).to.equal(0)
      })

      it('gives up where somebody else always writes first', async () => {
        scene.s3.options.fault = ({ operation }) => {
          if (operation === writes[size]) {
            scene.s3.store.put(key, { bytes: 5, sha256: 'other', content: Buffer.from('other') }, {})
          }
          return undefined
        }
        const error = await failure(scene.send(['a.csv']))
        expect(error.code).to.equal('UPLOAD_CONFLICT')
        expect(error.exitCode).to.equal(4)
      })

      it('of two machines stores it once', async () => {
        const both: Promise<UploadResult>[] = []
        for (const machine of ['one', 'two']) {
          scene.on(machine)
          both.push(scene.send(['a.csv']))
        }
        const statuses = (await Promise.all(both)).map(({ files }) => files[0]!.status)
        expect(statuses.toSorted()).to.deep.equal(['skipped', 'uploaded'])
        expectOnce()
      })
    })
  }

  it('takes an error in a good answer for an error, tries again, and completes what is there', async () => {
    const data = randomBytes(20 * MIB)
    await scene.write('a.csv', data)
    scene.fail(
      'CompleteMultipartUpload',
      { kind: 'refuse', status: 200, code: 'InternalError' },
      { times: 1 },
    )
    await scene.send(['a.csv'])
    expect(scene.s3.count('CompleteMultipartUpload')).to.equal(2)
    expect(scene.versions(key).map(({ content }) => content?.equals(data))).to.deep.equal([true])
  })

  it('takes a refusal in a good answer for one, and keeps the parts', async () => {
    await scene.write('a.csv', randomBytes(20 * MIB))
    scene.fail('CompleteMultipartUpload', { kind: 'refuse', status: 200, code: 'AccessDenied' })
    const error: unknown = await scene.send(['a.csv']).catch((reason: unknown) => reason)
    expect(error).to.be.an('error').with.property('name', 'AccessDenied')
    expect(scene.versions(key)).to.have.length(0)
    scene.heal()
    await scene.send(['a.csv'])
    expect(scene.sent).to.deep.equal([])
    expect(scene.versions(key)).to.have.length(1)
  })

  it('goes on where no lock can be written, and says so', async () => {
    await scene.write('a.csv', 'x')
    await scene.write('a file', 'x')
    scene.on('../a file/cache')
    const warnings: string[] = []
    const { files } = await scene.send(['a.csv'], (event) => {
      if (event.type === 'upload.warning') warnings.push(event.message)
    })
    expect(files[0]!.status).to.equal('uploaded')
    expect(warnings).to.have.length(1)
    expect(warnings[0]).to.match(
      /^Cannot write to .+ \(ENOTDIR.*\): another upload of the same file would not be/,
    )
  })

  it('begins anew when somebody removed its parts', async () => {
    const data = randomBytes(20 * MIB)
    await scene.write('a.csv', data)
    let removed = false
    scene.s3.options.fault = ({ partNumber }) => {
      if (partNumber === 3 && !removed) {
        removed = true
        scene.s3.store.uploads.clear()
      }
      return undefined
    }
    await scene.send(['a.csv'])
    expect(scene.versions(key).map(({ content }) => content?.equals(data))).to.deep.equal([true])
    expect(scene.s3.store.uploads.size).to.equal(0)
  })

  it('gives a connection up that says nothing any more, and tries again', async () => {
    scene.fail('PutObject', { kind: 'silence' }, { times: 1 })
    const client = new UploadClient(
      {
        region: 'us-east-1',
        endpoint: scene.s3.endpoint,
        forcePathStyle: true,
        credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
        maxAttempts: 2,
        retryMode: 'standard',
      },
      300,
    )
    await client.send(new PutObjectCommand({ Bucket: 'b', Key: key, Body: Buffer.from('x') }))
    client.destroy()
    expect(scene.s3.count('PutObject')).to.equal(2)
    expect(scene.versions(key)).to.have.length(1)
  })

  const refusals: [code: string, status: number, message: string, expected: string][] = [
    ['AccessDenied', 403, 'User: u is not authorized to perform: s3:PutObject', 'AccessDenied'],
    ['AccessDenied', 403, 'not authorized to perform: kms:GenerateDataKey on this resource', 'AccessDenied'],
    ['KMS.NotFoundException', 400, 'Alias is not found', 'DatapipeError'],
    ['NoSuchBucket', 404, 'The specified bucket does not exist', 'DatapipeError'],
  ]
  for (const [code, status, message, expected] of refusals) {
    it(`says so when it is refused (${code}, ${message})`, async () => {
      await scene.write('a.csv', 'x')
      scene.fail('PutObject', { kind: 'refuse', status, code, message })
      const error: unknown = await scene.send(['a.csv']).catch((reason: unknown) => reason)
      expect(error).to.be.an('error').with.property('name', expected)
      expect(scene.s3.count('PutObject')).to.equal(1)
    })
  }

  it('does not try ten thousand files with a login that has expired', async () => {
    const names = Array.from({ length: 200 }, (_, index) => `${index}_a.csv`)
    for (const name of names) await scene.write(name, name)
    scene.s3.options.fault = () => ({ kind: 'refuse', status: 400, code: 'ExpiredToken' })
    const error: unknown = await scene.send(names).catch((reason: unknown) => reason)
    // The answer to HEAD has no body: the reason comes from asking once more.
    expect(error).to.be.an('error').with.property('name', 'ExpiredToken')
    expect(scene.s3.calls.length).to.be.at.most(32)
  })

  it('sends the others when one is gone, a folder meanwhile, or refused, and names three of many', async () => {
    const names = Array.from({ length: 30 }, (_, index) => `${index}_a.csv`)
    for (const name of names) await scene.write(name, name)
    scene.s3.options.fault = ({ key: sent, operation }) =>
      operation === 'PutObject' && sent.includes('/1')
        ? { kind: 'refuse', status: 403, code: 'AccessDenied', message: 'no' }
        : undefined
    let gone = false
    const sending = scene.send(names, (event) => {
      if (event.type !== 'upload.started' || gone) return
      gone = true
      rmSync(join(scene.folder, '28_a.csv'))
      rmSync(join(scene.folder, '29_a.csv'))
      void mkdir(join(scene.folder, '29_a.csv'))
    })
    const error = await failure(sending)
    expect(error.code).to.equal('UPLOAD_PARTLY_FAILED')
    expect(error.exitCode).to.equal(3)
    expect((error.result as UploadResult).files).to.have.length(17)
    expect(error.message.split('\n')).to.include('13 of 30 files could not be uploaded:')
    expect(error.message).to.include('  1_a.csv, 10_a.csv, 11_a.csv and 8 more: ')
    expect(error.message).to.include('  28_a.csv: There is no file 28_a.csv.')
    expect(error.message).to.include('  29_a.csv: ')
  })

  it('takes weird names as they are, and tells no name that does not fit', async () => {
    const names = [
      'ä ö&<>"\'+%25#?=;$`\\.csv',
      '\u{1F321}\uFE0F t.csv',
      ' a.csv',
      'a..b//c.csv'.replaceAll('/', '_'),
    ]
    const long = `${'\u{1F321}'.repeat(62)}a.csv`
    for (const name of [...names, long]) await scene.write(name, name)
    for (const name of [...names, long]) {
      const { files } = await scene.send([`./${name}`])
      const [version] = scene.versions(files[0]!.key)
      expect(files[0]!.key.endsWith(`/${name}`), name).to.equal(true)
      expect(version?.content?.toString()).to.equal(name)
      const expected = encodeURIComponent(name)
      expect(version?.metadata['dp-source-name']).to.equal(expected.length > 1024 ? undefined : expected)
    }
  })

  it('of many small files looks and sends once each, and asks for all of them only once more', async () => {
    const names = Array.from({ length: 300 }, (_, index) => `${index}_a.csv`)
    for (const name of names) await scene.write(name, name)
    const { files } = await scene.send(names)
    expect(files.map(({ status }) => status)).to.deep.equal(names.map(() => 'uploaded'))
    expect(scene.s3.count('PutObject')).to.equal(300)
    await scene.send(names)
    expect(scene.s3.count('PutObject')).to.equal(0)
    expect(scene.s3.count('HeadObject')).to.equal(300)
  })
})
