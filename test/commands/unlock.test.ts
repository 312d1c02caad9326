import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { captureOutput } from '@oclif/test'
import { expect } from 'chai'
import Unlock from '../../src/commands/unlock.js'
import { takeLease } from '../../src/operate/provision/lease.js'
import type { UnlockResult } from '../../src/operate/unlock/unlock.js'
import { failure } from '../operate/support.js'
import { LeaseBucket } from '../operate/unlock/support.js'
import type { Document } from '../support/cli.js'

describe('unlock command', function () {
  this.timeout(120_000)
  let bucket: LeaseBucket
  let folder: string

  before(async () => {
    bucket = await LeaseBucket.start()
    folder = await mkdtemp(join(tmpdir(), 'datapipe-test-'))
    const head = 'project: sensors\nregion: us-east-1\nbucketNamespace: account-regional\n'
    await writeFile(join(folder, 'open.yaml'), head)
    await writeFile(join(folder, 'protected.yaml'), `${head}environments: { dev: { protect: true } }\n`)
    Object.assign(process.env, {
      AWS_ENDPOINT_URL: bucket.moto.endpoint,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    })
  })
  beforeEach(() => bucket.reset())
  after(async () => {
    for (const name of ['AWS_ENDPOINT_URL', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) {
      Reflect.deleteProperty(process.env, name)
    }
    await rm(folder, { recursive: true, force: true })
    await bucket.stop()
  })

  const run = async (config: 'open' | 'protected', ...argv: string[]) => {
    const before = process.exitCode
    const { stderr, stdout } = await captureOutput(() =>
      Unlock.run(['--config', join(folder, `${config}.yaml`), ...argv], import.meta.url),
    )
    const code = process.exitCode
    process.exitCode = before
    return { stdout, stderr, code }
  }
  const json = async (config: 'open' | 'protected', ...argv: string[]) => {
    const { code, stdout } = await run(config, ...argv, '--json')
    return { ...(JSON.parse(stdout) as Document<UnlockResult>), code }
  }

  it('says that nobody holds it', async () => {
    expect(await run('open')).to.include({ stdout: 'Nobody holds the lease of dev.\n', code: 0 })
    const { code, result } = await json('open', '--yes')
    expect(code).to.equal(0)
    expect(result).to.deep.equal({ lease: null, outcome: 'free' })
  })

  it('shows who holds it, and breaks nothing without a confirmation', async () => {
    const { id } = await bucket.holdElsewhere()
    const before = await bucket.text()
    const { code, stderr, stdout } = await run('open')
    expect(code).to.equal(2)
    for (const word of [id, 'ada', 'buildbox', '42', 'datapipe up --env dev']) expect(stdout).to.contain(word)
    expect(stderr).to.contain('datapipe unlock --env dev --confirm dev')
    const document = await json('open')
    expect(document.error?.code).to.equal('CONFIRMATION_REQUIRED')
    expect(document.result.lease).to.include({ id })
    expect((await json('open', '--confirm', 'prod')).error?.code).to.equal('CONFIRMATION_WRONG')
    expect(await bucket.text()).to.equal(before)
  })

  for (const [config, consent] of [
    ['open', ['--yes']],
    ['open', ['--confirm', 'dev']],
    ['protected', ['--confirm', 'dev']],
  ] as const) {
    it(`breaks the one of an environment that is ${config} with ${consent.join(' ')}`, async () => {
      const { id } = await bucket.holdDead()
      const { code, result } = await json(config, ...consent)
      expect(code).to.equal(0)
      expect(result.outcome).to.equal('broken')
      expect(result.lease).to.have.all.keys('id', 'holder', 'acquiredAt', 'expiresAt').and.include({ id })
      expect(await bucket.text()).to.equal('')
    })
  }

  it('wants the name of an environment that is protected', async () => {
    await bucket.holdDead()
    const { code, error } = await json('protected', '--yes')
    expect([code, error?.code]).to.deep.equal([2, 'ENVIRONMENT_PROTECTED'])
    expect(await bucket.text()).not.to.equal('')
  })

  it('is what the error of a run that is kept out says, and breaks exactly that lease', async () => {
    const held = await takeLease(bucket.aws, 'up')
    const refused = await failure(takeLease(bucket.aws, 'down'))
    const command = /datapipe unlock (.+)$/.exec(refused.suggestions.join('\n'))?.[1]?.split(' ') ?? []
    await held.release()
    await bucket.holdElsewhere()
    const before = await bucket.text()
    const changed = await json('open', ...command, '--yes')
    expect([changed.code, changed.error?.code]).to.deep.equal([4, 'LEASE_CHANGED'])
    expect(await bucket.text()).to.equal(before)
    const { id } = await bucket.holdDead()
    const right = command.map((word, at) => (command[at - 1] === '--lease' ? id : word))
    expect(right).not.to.deep.equal(command)
    expect((await json('open', ...right, '--yes')).result.outcome).to.equal('broken')
  })
})
