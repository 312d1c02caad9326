import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { S3Client, ListBucketsCommand } from '@aws-sdk/client-s3'
import { expect } from 'chai'
import { AwsClients } from '../../src/aws/clients.js'
import { SERVICES } from '../../src/aws/configured-endpoints.js'
import { connect } from '../../src/aws/connect.js'
import { credentialChain } from '../../src/aws/credentials.js'
import { isThisMachine } from '../../src/aws/endpoint-safety.js'
import { resolveEnvironment } from '../../src/config/environments.js'
import { parseConfig } from '../../src/config/load.js'
import type { Environment } from '../../src/config/schema.js'
import { DatapipeError } from '../../src/errors.js'

function environment(text = 'region: eu-north-1', name = 'dev'): Environment {
  return resolveEnvironment(parseConfig(text, 'f'), name)
}

async function failure(action: Promise<unknown>): Promise<DatapipeError> {
  const error: unknown = await action.then(
    () => new Error('it went through'),
    (reason: unknown) => reason,
  )
  if (error instanceof DatapipeError) return error
  throw error
}

describe('endpoints that anybody could read along', () => {
  let server: Server
  let port: number
  /** No name of this machine, and yet its address: whoever connects to it gets to the server. */
  let insecure: string
  let connections: number
  let folder: string
  const saved = { ...process.env }

  beforeEach(async () => {
    connections = 0
    server = createServer((socket) => {
      connections++
      socket.destroy()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    port = (server.address() as AddressInfo).port
    insecure = `http://0.0.0.0:${port}`
    folder = mkdtempSync(join(tmpdir(), 'datapipe-endpoints-'))
    for (const name of Object.keys(process.env)) {
      if (/^AWS_(?!SDK_JS)/.test(name)) Reflect.deleteProperty(process.env, name)
    }
    Object.assign(process.env, {
      AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
      AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_CONFIG_FILE: join(folder, 'config'),
      AWS_SHARED_CREDENTIALS_FILE: join(folder, 'credentials'),
    })
  })

  afterEach(async () => {
    for (const name of Object.keys(process.env))
      if (!(name in saved)) Reflect.deleteProperty(process.env, name)
    Object.assign(process.env, saved)
    rmSync(folder, { recursive: true })
    await new Promise((resolve) => server.close(resolve))
  })

  const refuses = async (where: Environment, from: string) => {
    const error = await failure(connect(where))
    expect(error).to.include({ code: 'INSECURE_ENDPOINT', exitCode: 2 })
    expect(error.message).to.include(`http://0.0.0.0:${port} (${from})`).and.include('Nothing was sent')
    expect(error.suggestions.join()).to.include('--allow-insecure-endpoint')
    expect(connections).to.equal(0)
  }

  it('in datapipe.yaml', () =>
    refuses(
      environment(`region: eu-north-1\nenvironments: { dev: { endpoint: "${insecure}" } }`),
      'endpoint of environment dev',
    ))

  for (const name of [
    'AWS_ENDPOINT_URL',
    'AWS_ENDPOINT_URL_STS',
    'AWS_ENDPOINT_URL_S3',
    'AWS_ENDPOINT_URL_SSO',
    'AWS_ENDPOINT_URL_CLOUDWATCH_LOGS',
  ]) {
    it(`in ${name}`, async () => {
      process.env[name] = insecure
      await refuses(environment(), name)
    })
  }

  it('in the profile, of the file, of the flag and of the environment variable', async () => {
    writeFileSync(
      join(folder, 'config'),
      `[default]\nregion = eu-north-1\n[profile far]\nendpoint_url = ${insecure} # no\n`,
    )
    await refuses({ ...environment(), profile: 'far' }, 'profile far')
    process.env.AWS_PROFILE = 'far'
    await refuses(environment(), 'profile far')
    delete process.env.AWS_PROFILE
    writeFileSync(join(folder, 'credentials'), `[default]\nendpoint_url=${insecure}\n`)
    await refuses(environment(), 'profile default')
  })

  it('in the services section that the profile names, and only for services that are used', async () => {
    const file = (service: string) =>
      `[profile far]\nservices = all\n[services all]\n${service} =\n  endpoint_url = ${insecure}\n`
    process.env.AWS_PROFILE = 'far'
    writeFileSync(join(folder, 'config'), file('sfn'))
    await refuses(environment(), 'profile far')
    writeFileSync(join(folder, 'config'), file('dynamodb'))
    process.env.AWS_ENDPOINT_URL = `http://127.0.0.1:${port}`
    expect((await failure(connect(environment()))).code).not.to.equal('INSECURE_ENDPOINT')
  })

  it('goes there when it is told to: so the server would have seen it', async () => {
    process.env.AWS_ENDPOINT_URL = insecure
    const error = await failure(connect(environment(), { allowInsecureEndpoint: true }))
    expect(error.code).to.equal('ENDPOINT_UNREACHABLE')
    expect(connections).to.be.greaterThan(0)
  })

  it('goes to this machine by its own names', async () => {
    for (const host of ['127.0.0.1', 'localhost']) {
      connections = 0
      process.env.AWS_ENDPOINT_URL = `http://${host}:${port}`
      expect((await failure(connect(environment()))).code).to.equal('ENDPOINT_UNREACHABLE')
      expect(connections, host).to.be.greaterThan(0)
    }
  })

  it('looks at every request once more when it leaves', async () => {
    const clients = new AwsClients({ region: 'eu-north-1', endpoint: insecure })
    const error = await failure(clients.of(S3Client).send(new ListBucketsCommand({})))
    clients.destroy()
    expect(error.code).to.equal('INSECURE_ENDPOINT')
    expect(connections).to.equal(0)
    expect(clients.apiCalls).to.equal(0)
  })

  it('sends no token of a login there either', async () => {
    writeFileSync(join(folder, 'token'), 'canary-of-a-web-identity')
    writeFileSync(
      join(folder, 'config'),
      `[profile web]\nregion = eu-north-1\nrole_arn = arn:aws:iam::111122223333:role/x\nweb_identity_token_file = ${join(folder, 'token')}\n`,
    )
    process.env.AWS_ENDPOINT_URL_STS = insecure
    const chain = await credentialChain({ profile: 'web' })
    expect((await failure(chain())).code).to.equal('INSECURE_ENDPOINT')
    expect(connections).to.equal(0)
    const willing = await credentialChain({ profile: 'web', allowInsecureEndpoint: true })
    await willing().catch(() => undefined)
    expect(connections).to.be.greaterThan(0)
  })

  it('what is no endpoint, or has a password in it, is refused without being repeated', async () => {
    for (const url of ['127.0.0.1:4566', 'ftp://127.0.0.1/', 'http://user:canary-password@127.0.0.1:1']) {
      process.env.AWS_ENDPOINT_URL = url
      const error = await failure(connect(environment()))
      expect(error).to.include({ code: 'INVALID_ENDPOINT', exitCode: 2 })
      expect(error.message).to.include('AWS_ENDPOINT_URL').and.not.include('canary')
    }
  })

  it('refuses to believe every certificate', async () => {
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
    const error = await failure(connect(environment()))
    expect(error).to.include({ code: 'TLS_NOT_VERIFIED', exitCode: 2 })
    process.env.AWS_ENDPOINT_URL = `http://127.0.0.1:${port}`
    expect((await failure(connect(environment()))).code).to.equal('ENDPOINT_UNREACHABLE')
  })

  it('knows every service whose client is installed', async () => {
    const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
      dependencies: Record<string, string>
    }
    const clients = Object.keys(manifest.dependencies).filter((name) => name.startsWith('@aws-sdk/client-'))
    const ids = await Promise.all(
      clients.map(async (name) => {
        const module = (await import(name)) as Record<string, unknown>
        const Client = module[Object.keys(module).find((key) => /^[A-Z]\w+Client$/.test(key)) ?? ''] as new (
          config: object,
        ) => { config: { serviceId: string } }
        return new Client({ region: 'eu-north-1' }).config.serviceId.toUpperCase().replaceAll(' ', '_')
      }),
    )
    expect([...SERVICES].sort()).to.deep.equal(ids.sort())
  })
})

describe('what counts as this machine', () => {
  const hostOf = (url: string) => new URL(url).hostname
  for (const host of ['localhost', '127.0.0.1', '127.1', '127.255.255.254', '0x7f.1', '[::1]', 'LOCALHOST']) {
    it(`${host} does`, () => expect(isThisMachine(hostOf(`http://${host}:1`))).to.equal(true))
  }
  for (const host of [
    '0.0.0.0',
    '[::]',
    'localhost.example.com',
    'localhost.',
    'my.localhost',
    '127.0.0.1.nip.io',
    '128.0.0.1',
    '[::ffff:127.0.0.1]',
    '10.0.0.1',
    'xn--lcalhost-k7a',
    'ⅼocalhost.example',
  ]) {
    it(`${host} does not`, () => expect(isThisMachine(hostOf(`http://${host}:1`))).to.equal(false))
  }
})
