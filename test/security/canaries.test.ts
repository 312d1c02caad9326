import { expect } from 'chai'
import { Canaries } from './canaries.js'
import { crashing, SecretiveUser } from './secretive-user.js'

describe('no secret in what is printed or written', function () {
  this.timeout(60_000)
  let user: SecretiveUser

  before(async () => (user = await SecretiveUser.create('short')))
  after(() => user.leave())

  it('when the answer repeats the request, and everything that can prints debug output', async () => {
    const debug = { DEBUG: '*', NODE_DEBUG: 'http,net,tls,stream,module' }
    const result = await user.fails(['status', '--debug'], { ...user.variables, ...debug })
    expect(user.canaries.foundIn(user.received)).to.include('AWS_SESSION_TOKEN')
    expect(result.stderr).to.include('x-amz-security-token').and.include('[hidden]')
  })

  it('when the login fails', () =>
    user.fails(['plan', '--debug', '--json', '--profile', 'failing'], { AWS_ENDPOINT_URL: user.url }))

  it('when a defect ends the process', async () => {
    user.answer = () => undefined
    const crash = await user.hold('crash.mjs', crashing('throw error'))
    const result = await user.fails(['status', '--json', '--debug'], {
      ...user.variables,
      NODE_OPTIONS: `--import=${crash}`,
    })
    expect(JSON.parse(result.stdout)).to.deep.include({ ok: false, command: 'status' })
    expect(result.stdout).to.include('broken [hidden]')
  })

  it('would be found in any form', () => {
    const canaries = new Canaries('any')
    const secret = canaries.secret('example')
    for (const text of [
      `a ${secret} b`,
      encodeURIComponent(secret),
      JSON.stringify({ secret }),
      Buffer.from(`u:${secret}`).toString('base64'),
      Buffer.from(secret).toString('hex'),
      secret.slice(0, 15),
    ]) {
      expect(canaries.foundIn(text), text).to.deep.equal(['example'])
    }
  })
})
