import { expect } from 'chai'
import type { UpResult } from '../../src/operate/provision/up.js'
import { finished, User, type Document } from '../support/cli.js'
import { resetMoto, startMoto, type Moto } from '../support/moto.js'
import { startProxy, type Proxy } from '../support/proxy.js'
import { snapshot } from '../support/snapshot.js'

describe('up, stopped at a call to AWS', function () {
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
  /** An `up` in an empty account that gets a signal at this call. */
  const stopAt = async (call: number, signal: NodeJS.Signals) => {
    await resetMoto(moto.endpoint)
    calls = 0
    const child = user.start('up', '--env', 'dev', '--json')
    onCall = (made) => {
      if (made === call) child.kill(signal)
    }
    return finished(child)
  }

  it('converges after kill -9 to what an undisturbed run makes, at whatever call it came', async () => {
    await resetMoto(moto.endpoint)
    expect((await up()).code).to.equal(0)
    const total = calls
    const undisturbed = await snapshot(moto.endpoint)
    // The reading comes first: most of the writing is in the second half.
    for (const share of [0.4, 0.55, 0.65, 0.75, 0.85, 0.95]) {
      const call = Math.round(total * share)
      const { code } = await stopAt(call, 'SIGKILL')
      expect(code, 'killed').to.equal(null)
      const again = await up()
      expect(again.code, JSON.stringify(again.error)).to.equal(0)
      expect(await snapshot(moto.endpoint), `killed at call ${call} of ${total}`).to.deep.equal(undisturbed)
      const third = await up()
      expect(third.result.changes).to.include({ created: 0, updated: 0, replaced: 0, deleted: 0 })
    }
  })

  it('lets go in order on Ctrl-C, and the next up goes on at once', async () => {
    await resetMoto(moto.endpoint)
    await up()
    const { code, stdout } = await stopAt(Math.round(calls * 0.6), 'SIGINT')
    expect(code).to.equal(130)
    const document = JSON.parse(stdout) as Document<UpResult>
    expect(document.error?.code).to.equal('INTERRUPTED')
    expect(document.error?.suggestions).not.to.deep.equal([])
    const again = await up()
    expect(again.code, JSON.stringify(again.error)).to.equal(0)
    expect((await up()).result.changes.unchanged).to.equal(again.result.resources.length)
  })
})
