import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import { connect } from '../../src/aws/connect.js'
import type { AwsContext } from '../../src/aws/context.js'
import { resolveEnvironment } from '../../src/config/environments.js'
import { parseConfig } from '../../src/config/load.js'
import type { Environment } from '../../src/config/schema.js'
import { DatapipeError } from '../../src/errors.js'

const ACCOUNT = '111122223333'
const KEYS = {
  AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
}
const IDENTITY = `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>arn:aws:iam::${ACCOUNT}:user/x</Arn><UserId>A</UserId><Account>${ACCOUNT}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`
const failure = (code: string, message: string) =>
  `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`

function environment(text = '', name = 'dev'): Environment {
  return resolveEnvironment(parseConfig(text, 'f'), name)
}

async function refused(action: Promise<AwsContext>): Promise<DatapipeError> {
  try {
    await action
  } catch (error) {
    if (error instanceof DatapipeError) return error
    throw error
  }
  throw new Error('it connected')
}

describe('connect', () => {
  let server: Server
  let url: string
  let answer: { status: number; body: string }
  let asked: string[]
  let folder: string
  const saved = { ...process.env }

  beforeEach(async () => {
    answer = { status: 200, body: IDENTITY }
    asked = []
    server = createServer((request, response) => {
      asked.push(request.headers.authorization ?? '')
      response.writeHead(answer.status, { 'content-type': 'text/xml' }).end(answer.body)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    folder = mkdtempSync(path.join(tmpdir(), 'datapipe-connect-'))
  })

  afterEach(async () => {
    for (const name of Object.keys(process.env))
      if (!(name in saved)) Reflect.deleteProperty(process.env, name)
    Object.assign(process.env, saved)
    rmSync(folder, { recursive: true })
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })

  const profiles = (text: string) => {
    const file = path.join(folder, 'config')
    writeFileSync(file, text)
    process.env.AWS_CONFIG_FILE = file
  }

  it('sends nobody’s own keys to the embedded AWS, and needs no region', async () => {
    Object.assign(process.env, KEYS)
    const aws = await connect(environment('', 'local'), { endpoint: url })
    expect(aws).to.include({ account: ACCOUNT, region: 'eu-north-1', emulated: true, env: 'local' })
    expect(asked).to.have.length(1)
    expect(asked[0]).to.include('Credential=datapipe/')
  })

  it('counts its own call', async () => {
    const aws = await connect(environment('', 'local'), { endpoint: url })
    expect(aws.clients.apiCalls).to.equal(1)
  })

  it('says so when the embedded AWS is not running', async () => {
    const error = await refused(connect(environment('', 'local')))
    expect(error.code).to.equal('LOCAL_NOT_RUNNING')
    expect(error.suggestions.join()).to.include('datapipe local start')
  })

  it('goes where AWS_ENDPOINT_URL points, with the credentials of the chain', async () => {
    Object.assign(process.env, KEYS, { AWS_ENDPOINT_URL: url, AWS_REGION: 'eu-west-1' })
    const aws = await connect(environment())
    expect(aws).to.include({ account: ACCOUNT, region: 'eu-west-1', emulated: true })
    expect(aws.clients.endpoint).to.equal(url)
    expect(asked[0]).to.include(`Credential=${KEYS.AWS_ACCESS_KEY_ID}/`)
  })

  it('refuses every account but the pinned one, naming both', async () => {
    Object.assign(process.env, KEYS)
    const pinned = (account: string) =>
      environment(
        `region: eu-north-1\nenvironments: { prod: { account: "${account}", endpoint: "${url}" } }`,
        'prod',
      )
    const error = await refused(connect(pinned('999988887777')))
    expect(error).to.deep.include({ code: 'WRONG_ACCOUNT', exitCode: 2 })
    expect(error.message).to.equal(
      'Environment prod belongs to account 999988887777, but these credentials are for account 111122223333. Nothing was touched.',
    )
    expect((await connect(pinned(ACCOUNT))).account).to.equal(ACCOUNT)
  })

  describe('region', () => {
    const regionWith = async (yaml: string, variables: NodeJS.ProcessEnv, profile?: string) => {
      Object.assign(process.env, KEYS, variables, { AWS_ENDPOINT_URL: url })
      return (await connect({ ...environment(yaml), profile })).region
    }

    it('comes from datapipe.yaml before AWS_REGION before AWS_DEFAULT_REGION', async () => {
      const both = { AWS_REGION: 'eu-west-1', AWS_DEFAULT_REGION: 'eu-west-2' }
      expect(await regionWith('region: eu-north-1', both)).to.equal('eu-north-1')
      expect(await regionWith('', both)).to.equal('eu-west-1')
      expect(await regionWith('', { AWS_REGION: '' })).to.equal('eu-west-2')
    })

    it('comes from the profile last', async () => {
      profiles(
        '[profile there]\nregion = eu-west-3\naws_access_key_id = AKIAPROFILE\naws_secret_access_key = x\n',
      )
      expect(await regionWith('', {}, 'there')).to.equal('eu-west-3')
      expect(asked[0], 'a profile that was named wins over keys in the environment').to.include('AKIAPROFILE')
    })

    it('is asked for when nobody gives it', async () => {
      Object.assign(process.env, KEYS)
      const error = await refused(connect(environment()))
      expect(error).to.deep.include({ code: 'NO_REGION', exitCode: 2, message: 'No AWS region is set.' })
      expect(error.suggestions.join(' '))
        .to.include('datapipe.yaml')
        .and.include('--region')
        .and.include('AWS_REGION')
      expect(asked, 'nothing was called').to.deep.equal([])
    })
  })

  describe('what goes wrong', () => {
    const attempt = (profile?: string) =>
      refused(
        connect({
          ...environment(`region: eu-north-1\nenvironments: { x: { endpoint: "${url}" } }`, 'x'),
          profile,
        }),
      )

    it('no credentials anywhere', async () => {
      const error = await attempt()
      expect(error).to.deep.include({
        code: 'NO_CREDENTIALS',
        exitCode: 2,
        message: 'No AWS credentials were found.',
      })
      expect(error.suggestions.join(' ')).to.include('--env local')
    })

    it('a profile that does not exist', async () => {
      const error = await attempt('nobody')
      expect(error.code).to.equal('NO_CREDENTIALS')
      expect(error.message).to.equal('Profile nobody has no usable AWS credentials.')
      expect(error.suggestions[0]).to.include('aws sso login --profile nobody')
    })

    it('a login that has run out', async () => {
      profiles(
        '[profile sso]\nsso_session = s\nsso_account_id = 1\nsso_role_name = r\n[sso-session s]\nsso_start_url = https://x.invalid/start\nsso_region = eu-west-1\n',
      )
      process.env.HOME = folder
      const error = await attempt('sso')
      expect(error.code).to.equal('EXPIRED_TOKEN')
      expect(error.message).to.equal('Your AWS login of profile sso has expired or is missing.')
      expect(error.suggestions[0]).to.include('aws sso login --profile sso')
    })

    it('a session token that has run out', async () => {
      Object.assign(process.env, KEYS, { AWS_SESSION_TOKEN: 'old' })
      answer = {
        status: 403,
        body: failure('ExpiredToken', 'The security token included in the request is expired'),
      }
      const error = await attempt()
      expect(error).to.deep.include({ code: 'EXPIRED_TOKEN', exitCode: 1 })
      expect(error.message).to.equal('Your AWS login has expired or is missing.')
    })

    it('keys that do not exist', async () => {
      Object.assign(process.env, KEYS)
      answer = {
        status: 403,
        body: failure('InvalidClientTokenId', 'The security token included in the request is invalid.'),
      }
      const error = await attempt()
      expect(error.code).to.equal('INVALID_CREDENTIALS')
      expect(error.message).to.equal('The AWS credentials are not valid (InvalidClientTokenId).')
    })

    it('nobody there', async () => {
      Object.assign(process.env, KEYS)
      const gone = environment(
        'region: eu-north-1\nenvironments: { x: { endpoint: "http://127.0.0.1:1" } }',
        'x',
      )
      const error = await refused(connect(gone))
      expect(error.code).to.equal('ENDPOINT_UNREACHABLE')
      expect(error.message).to.equal('Cannot reach http://127.0.0.1:1 (ECONNREFUSED).')
    })
  })
})
