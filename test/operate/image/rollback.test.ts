import { HeadObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { expect } from 'chai'
import { build } from '../../../src/operate/image/build.js'
import { listImages } from '../../../src/operate/image/list.js'
import { writePin } from '../../../src/operate/image/pin.js'
import { rollback, unpin } from '../../../src/operate/image/rollback.js'
import { imageSource } from '../../../src/operate/image/source.js'
import { down } from '../../../src/operate/provision/down.js'
import { plan } from '../../../src/operate/provision/plan.js'
import { up } from '../../../src/operate/provision/up.js'
import { startMoto, type Moto } from '../../support/moto.js'
import { BuiltEnvironment } from './environment.js'

describe('the image of an environment on AWS', function () {
  this.timeout(180_000)
  const request = { signal: new AbortController().signal, onEvent: () => undefined }
  let moto: Moto
  let on: BuiltEnvironment
  let current: string

  before(async () => {
    moto = await startMoto()
    on = new BuiltEnvironment(moto.endpoint)
    current = (await imageSource('arm64')).tag
  })
  after(() => moto.stop())

  const pending = async () =>
    (await plan(on.aws, on.environment, request)).resources
      .filter(({ action }) => action !== 'unchanged')
      .map(({ action, diff, id }) => [id, action, ...diff.map(({ path }) => path)])
  const deployed = async () => {
    const { images } = await listImages(on.aws)
    return images.filter((image) => image.deployed).map(({ pinned, tags }) => [...tags, pinned])
  }
  const failure = async (work: Promise<unknown>) =>
    (await work.then(
      () => undefined,
      (error: unknown) => error,
    )) as { code: string; exitCode: number }

  it('cannot be rolled back before there is one', async () => {
    expect(await failure(rollback(on.aws, on.environment, undefined, request))).to.include({
      code: 'ENVIRONMENT_MISSING',
    })
    expect(await failure(build(on.aws, on.environment, request))).to.include({ code: 'ENVIRONMENT_MISSING' })
  })

  it('is built and deployed by `up`, once', async () => {
    const first = await up(on.aws, on.environment, request)
    expect(first.resources.find(({ id }) => id === 'compute/image')).to.deep.include({
      action: 'created',
      physicalId: `${on.aws.names.repository}:${current}`,
    })
    expect(on.built).to.deep.equal([current])
    const list = await listImages(on.aws)
    expect(list.deployed).to.match(/dp-dev-transform@sha256:[0-9a-f]{64}$/)
    expect(list.images.map(({ deployed: is, pinned, tags }) => [tags, is, pinned])).to.deep.equal([
      [[current], true, false],
    ])
    const second = await up(on.aws, on.environment, request)
    expect(second.changes).to.include({ created: 0, updated: 0, unchanged: first.resources.length })
    expect(on.built).to.deep.equal([current])
  })

  it('is left alone by a build of what is there', async () => {
    expect(await build(on.aws, on.environment, request)).to.include({ action: 'unchanged', tag: current })
  })

  it('can be another one, which `up` keeps', async () => {
    await on.push('src-other')
    const result = await rollback(on.aws, on.environment, 'src-other', request)
    expect(result).to.deep.include({ tag: 'src-other', action: 'updated' })
    expect(result.previous?.tag).to.equal(current)
    expect(await deployed()).to.deep.equal([['src-other', true]])
    expect(await pending()).to.deep.equal([])
    expect((await up(on.aws, on.environment, request)).changes).to.include({ created: 0, updated: 0 })
    expect(await deployed()).to.deep.equal([['src-other', true]])
  })

  it('is only pinned where it is deployed already', async () => {
    expect((await rollback(on.aws, on.environment, 'src-other', request)).action).to.equal('unchanged')
  })

  it('rolls forward with the next `up` once it is unpinned', async () => {
    expect(await unpin(on.aws, on.environment)).to.equal('src-other')
    expect(await unpin(on.aws, on.environment)).to.equal(undefined)
    expect(await pending()).to.deep.equal([['compute/task-definition', 'update', 'container.image']])
    await up(on.aws, on.environment, request)
    expect(await deployed()).to.deep.equal([[current, false]])
  })

  it('is completed by `up` when the roll-back was cut off after it pinned', async () => {
    await writePin(on.aws, { tag: 'src-other' }, 'cut off')
    expect(await pending()).to.deep.equal([['compute/task-definition', 'update', 'container.image']])
    await up(on.aws, on.environment, request)
    expect(await deployed()).to.deep.equal([['src-other', true]])
    expect((await build(on.aws, on.environment, request)).tag).to.equal(current)
  })

  it('says so when the pinned image is gone, and changes nothing', async () => {
    await writePin(on.aws, { tag: 'src-gone' }, 'test')
    expect(await failure(up(on.aws, on.environment, request))).to.include({ code: 'PINNED_IMAGE_MISSING' })
    expect(await deployed()).to.deep.equal([['src-other', false]])
    await unpin(on.aws, on.environment)
  })

  it('refuses a tag that is not there, before it pins anything', async () => {
    expect(await failure(rollback(on.aws, on.environment, 'src-typo', request))).to.include({
      code: 'IMAGE_NOT_FOUND',
      exitCode: 2,
    })
    expect((await listImages(on.aws)).pinned).to.equal(null)
  })

  it('goes with its environment, and the pin too', async () => {
    await rollback(on.aws, on.environment, current, request)
    const gone = await down(on.aws, on.environment, { ...request, deleteData: true })
    expect(gone.verifiedEmpty).to.equal(true)
    expect(gone.deleted.map(({ id }) => id)).to.include.members([
      'compute/image-project',
      'compute/logs/image',
      'security/role/codebuild',
    ])
    const pin = { Bucket: on.aws.names.bucket('artifacts'), Key: 'config/image-pin.json' }
    const head = on.aws.clients.of(S3Client).send(new HeadObjectCommand(pin))
    expect(await failure(head)).not.to.equal(undefined)
  })
})
