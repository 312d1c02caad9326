import { expect } from 'chai'
import { ALL_FAULTS, faultPositions } from '../../support/faults.js'
import { ANSWERS, crashing, SecretiveUser, type Answer } from '../../security/secretive-user.js'

/** All of them, or the sample of this seed. */
function sample<T>(name: string, all: readonly T[], step: number): T[] {
  const first = Number(faultPositions(name, step).next().value)
  return all.filter((_one, index) => ALL_FAULTS || index % step === first)
}

const PROFILES: [profile: string, sends: string | undefined][] = [
  ['shared', 'token of the credentials file'],
  ['process', 'token of credential_process'],
  ['broken', undefined],
  ['failing', undefined],
  ['web', 'token of a web identity'],
  ['assumed', 'key id of the config file'],
  ['session', 'SSO access token'],
  ['torn', undefined],
]
const WAYS: [flags: string[], debug: NodeJS.ProcessEnv][] = [
  [['--debug'], {}],
  [['--json', '--debug'], { DEBUG: '*', NODE_DEBUG: 'http' }],
  [['-q'], { DEBUG: '*' }],
  [[], { NODE_DEBUG: 'http,net,tls,stream,module' }],
]
const COMMANDS = [
  ['plan'],
  ['status'],
  ['upload', 'a.csv'],
  ['history'],
  ['down', '--confirm', 'dev'],
  ['query', 'select 1'],
]

describe('no secret in what is printed or written', function () {
  this.timeout(120_000)
  let user: SecretiveUser

  before(async () => (user = await SecretiveUser.create('long')))
  beforeEach(() => {
    user.received = ''
    user.answer = ANSWERS['an error that repeats the request']
  })
  after(() => user.leave())

  const answered = Object.entries(ANSWERS).flatMap(([what, answer]) =>
    COMMANDS.flatMap((command) =>
      WAYS.map(([flags, debug]): [string, Answer, string[], NodeJS.ProcessEnv] => [
        what,
        answer,
        [...command, ...flags],
        debug,
      ]),
    ),
  )
  for (const [what, answer, words, debug] of sample('answers', answered, 19)) {
    it(`${words.join(' ')} with ${what} ${JSON.stringify(debug)}`, async () => {
      user.answer = answer
      await user.fails(words, { ...user.variables, ...debug })
      expect(user.canaries.foundIn(user.received)).to.include('AWS_SESSION_TOKEN')
    })
  }

  const logins = PROFILES.flatMap(([profile, sends]) =>
    WAYS.map(([flags, debug]) => ({ profile, sends, flags, debug })),
  )
  for (const { debug, flags, profile, sends } of sample('profiles', logins, 5)) {
    it(`status ${flags.join(' ')} with the profile ${profile} ${JSON.stringify(debug)}`, async () => {
      await user.fails(['status', ...flags, '--profile', profile], { AWS_ENDPOINT_URL: user.url, ...debug })
      if (sends !== undefined) expect(user.canaries.foundIn(user.received)).to.include(sends)
    })
  }

  it('with the credentials of a container', async () => {
    const { canaries, url } = user
    user.answer = (request, body, response) => {
      if (request.url !== '/credentials') {
        ANSWERS['an error that repeats the request'](request, body, response)
        return
      }
      response.writeHead(200, { 'content-type': 'application/json' }).end(
        JSON.stringify({
          AccessKeyId: canaries.accessKeyId('key id of the container'),
          SecretAccessKey: canaries.token('secret of the container'),
          Token: canaries.token('session of the container'),
          Expiration: '2099-01-01T00:00:00Z',
        }),
      )
    }
    const container = {
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${url}/credentials`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN: canaries.word('authorization of the container'),
      AWS_REGION: 'eu-north-1',
      AWS_ENDPOINT_URL: url,
    }
    await user.fails(['history', '--debug'], container)
    expect(canaries.foundIn(user.received)).to.include('session of the container')
    user.answer = (_request, _body, response) => {
      response.writeHead(200).end(`${canaries.word('torn answer of the container')} {`)
    }
    await user.fails(['history', '--debug', '--json'], container)
  })

  it('with a password in the address of the endpoint', async () => {
    const password = user.canaries.word('password of the endpoint')
    for (const address of [`http://user:${password}@127.0.0.1:1`, `http://user:${password}@[`]) {
      await user.fails(['plan', '--debug'], { ...user.variables, AWS_ENDPOINT_URL: address })
    }
  })

  for (const [how, code] of sample(
    'crashes',
    [
      ['an exception that nobody catches', 'throw error'],
      ['a promise that nobody looks at', 'Promise.reject(error)'],
      ['a warning', 'process.emitWarning(error); throw error'],
      ['an error that is no error', 'throw { secret: AWS_SECRET_ACCESS_KEY, toString: () => error.message }'],
    ] as const,
    2,
  )) {
    it(`with ${how}`, async () => {
      user.answer = () => undefined
      const crash = await user.hold('crash.mjs', crashing(code))
      for (const flags of [[], ['--debug'], ['--json', '--debug']]) {
        const result = await user.fails(['status', ...flags], {
          ...user.variables,
          NODE_OPTIONS: `--import=${crash}`,
        })
        expect(result.stderr + result.stdout).to.include('broken [hidden]')
      }
    })
  }
})
