import { expect } from 'chai'
import type { UpResult } from '../../src/operate/provision/up.js'
import { finished, User, type Document } from '../support/cli.js'
import { resetMoto, startMoto, type Moto } from '../support/moto.js'
import { startProxy, type Proxy } from '../support/proxy.js'

describe('up, interrupted at a call to AWS', function () {
  this.timeout(180_000)
  let moto: Moto
  let proxy: Proxy
  let user: User
  let calls = 0
  let onCall: (call: number) => void = () => undefined

  before(async () => {
    moto = await startMoto()
    proxy = await startProxy(moto.endpoint, () => {
      calls++
      onCall(calls)
      return false
    })
    user = await User.create({
      AWS_ENDPOINT_URL: proxy.endpoint,
      AWS_REGION: 'eu-north-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    })
  })
  after(async () => {
    await user.leave()
    await proxy.stop()
    await moto.stop()
  })

  const up = async () => {
    calls = 0
    onCall = () => undefined
    return user.json<UpResult>('up', '--env', 'dev')
  }
  /** An `up` in an empty account that is interrupted at this call. */
  const stopAt = async (call: number) => {
    await resetMoto(moto.endpoint)
    calls = 0
    const child = user.start('up', '--env', 'dev', '--json')
    onCall = (made) => {
      if (made === call) child.kill('SIGINT')
    }
    return finished(child)
  }

  it('lets go in order on Ctrl-C, and the next up goes on at once', async () => {
    await resetMoto(moto.endpoint)
    await up()
    const { code, stdout } = await stopAt(Math.round(calls * 0.6))
    expect(code).to.equal(130)
    const document = JSON.parse(stdout) as Document<UpResult>
    expect(document.error?.code).to.equal('INTERRUPTED')
    expect(document.error?.suggestions).not.to.deep.equal([])
    const again = await up()
    expect(again.code, JSON.stringify(again.error)).to.equal(0)
    expect((await up()).result.changes.unchanged).to.equal(again.result.resources.length)
  })
})
