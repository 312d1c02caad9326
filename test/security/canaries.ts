import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'

/** Secrets that can be told apart, one for each place where a secret can stand. */
export class Canaries {
  readonly #values = new Map<string, string>()

  /** @param seed other secrets for each test */
  constructor(private readonly seed: string) {}

  /** With characters that are written differently in addresses, in JSON and in base64. */
  secret(place: string): string {
    return this.plant(place, `${this.#digits(place, 20)}/+="'${this.#digits(`${place}.`, 20)}`)
  }

  /** As keys and tokens of AWS look. */
  token(place: string): string {
    return this.plant(place, `${this.#digits(place, 24)}/+${this.#digits(`${place}.`, 24)}==`)
  }

  word(place: string): string {
    return this.plant(place, this.#digits(place, 32))
  }

  accessKeyId(place: string): string {
    return this.plant(place, `AKIA${this.#digits(place, 16).toUpperCase()}`)
  }

  /** A token of a web identity: three parts, of which the last proves the others. */
  jwt(place: string): string {
    const part = (text: string) => Buffer.from(text).toString('base64url')
    const signature = this.#digits(place, 43)
    this.#values.set(place, signature)
    return `${part('{"alg":"RS256"}')}.${part('{"sub":"datapipe"}')}.${signature}`
  }

  plant(place: string, value: string): string {
    this.#values.set(place, value)
    return value
  }

  /** The places whose secrets are in it, in whatever form, also a good part of one. */
  foundIn(content: string | Buffer): string[] {
    const texts = variants(Buffer.from(content)).map((bytes) => bytes.toString('latin1'))
    return [...this.#values]
      .filter(([, value]) => formsOf(value).some((form) => texts.some((text) => text.includes(form))))
      .map(([place]) => place)
  }

  get places(): string[] {
    return [...this.#values.keys()]
  }

  #digits(place: string, count: number): string {
    return createHash('sha256').update(`${this.seed} ${place}`).digest('hex').slice(0, count)
  }
}

/** What is packed is looked into, too. */
function variants(bytes: Buffer): Buffer[] {
  if (bytes.subarray(0, 2).toString('hex') !== '1f8b') return [bytes]
  try {
    return [bytes, gunzipSync(bytes)]
  } catch {
    return [bytes]
  }
}

function formsOf(value: string): string[] {
  const bytes = Buffer.from(value)
  const base64 = [0, 1, 2].map((offset) =>
    Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .slice(4, -4),
  )
  return [
    value,
    // What a message that was cut off would still hold.
    value.slice(0, 14),
    value.slice(-14),
    encodeURIComponent(value),
    JSON.stringify(value).slice(1, -1),
    bytes.toString('hex'),
    ...base64,
    ...base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_')),
  ]
}

/** The files of a user who can log in, or nearly, in every way there is. @returns variables that go with them */
export async function plantLogins(folder: string, canaries: Canaries): Promise<NodeJS.ProcessEnv> {
  const home = join(folder, 'home')
  const at = (...names: string[]) => join(home, '.aws', ...names)
  await mkdir(at('sso', 'cache'), { recursive: true })
  const prints = (text: string) => `sh -c 'cat ${text}'`
  await writeFile(
    at('process.json'),
    JSON.stringify({
      Version: 1,
      AccessKeyId: canaries.accessKeyId('key id of credential_process'),
      SecretAccessKey: canaries.token('secret of credential_process'),
      SessionToken: canaries.token('token of credential_process'),
    }),
  )
  await writeFile(at('broken.json'), `${canaries.word('broken output of credential_process')} {`)
  await writeFile(at('web-identity'), canaries.jwt('token of a web identity'))
  const ssoFile = (name: string) => `${createHash('sha1').update(name).digest('hex')}.json`
  await writeFile(
    at('sso', 'cache', ssoFile('session')),
    JSON.stringify({
      accessToken: canaries.token('SSO access token'),
      refreshToken: canaries.token('SSO refresh token'),
      clientId: 'client',
      clientSecret: canaries.token('SSO client secret'),
      registrationExpiresAt: '2099-01-01T00:00:00Z',
      expiresAt: '2099-01-01T00:00:00Z',
      region: 'eu-north-1',
      startUrl: 'https://example.awsapps.com/start',
    }),
  )
  await writeFile(at('sso', 'cache', ssoFile('torn')), `${canaries.word('torn SSO token file')} {`)
  const sso = (name: string) =>
    `[profile ${name}]\nsso_session = ${name}\nsso_account_id = 111122223333\nsso_role_name = r\nregion = eu-north-1\n` +
    `[sso-session ${name}]\nsso_start_url = https://example.awsapps.com/start\nsso_region = eu-north-1\nsso_registration_scopes = sso:account:access\n`
  await writeFile(
    at('config'),
    [
      `[profile process]\ncredential_process = ${prints(at('process.json'))}\nregion = eu-north-1`,
      `[profile broken]\ncredential_process = ${prints(at('broken.json'))}\nregion = eu-north-1`,
      `[profile failing]\ncredential_process = sh -c 'echo ${canaries.word('stderr of credential_process')} >&2; exit 3' ${canaries.word('argument of credential_process')}\nregion = eu-north-1`,
      `[profile web]\nrole_arn = arn:aws:iam::111122223333:role/x\nweb_identity_token_file = ${at('web-identity')}\nregion = eu-north-1`,
      `[profile assumed]\nrole_arn = arn:aws:iam::111122223333:role/x\nsource_profile = inconfig\nregion = eu-north-1`,
      `[profile inconfig]\naws_access_key_id = ${canaries.accessKeyId('key id of the config file')}\naws_secret_access_key = ${canaries.token('secret of the config file')}\nregion = eu-north-1`,
      sso('session'),
      sso('torn'),
    ].join('\n'),
  )
  await writeFile(
    at('credentials'),
    `[shared]\naws_access_key_id = ${canaries.accessKeyId('key id of the credentials file')}\naws_secret_access_key = ${canaries.token('secret of the credentials file')}\naws_session_token = ${canaries.token('token of the credentials file')}\nregion = eu-north-1\n`,
  )
  return {
    HOME: home,
    AWS_EC2_METADATA_DISABLED: 'true',
    HTTP_PROXY: `http://proxy:${canaries.word('password of HTTP_PROXY')}@127.0.0.1:9`,
    https_proxy: `http://proxy:${encodeURIComponent(canaries.secret('password of https_proxy'))}@127.0.0.1:9`,
    GITHUB_TOKEN: canaries.token('GITHUB_TOKEN'),
    DATABASE_PASSWORD: canaries.secret('DATABASE_PASSWORD'),
  }
}

/** A login by variables. */
export function plantVariables(canaries: Canaries): NodeJS.ProcessEnv {
  return {
    AWS_ACCESS_KEY_ID: canaries.accessKeyId('AWS_ACCESS_KEY_ID'),
    AWS_SECRET_ACCESS_KEY: canaries.token('AWS_SECRET_ACCESS_KEY'),
    AWS_SESSION_TOKEN: canaries.token('AWS_SESSION_TOKEN'),
  }
}
