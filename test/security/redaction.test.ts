import { expect } from 'chai'
import { redact, redactKnown, rememberSecret } from '../../src/secrets.js'
import { Canaries } from './canaries.js'

describe('redaction', () => {
  const canaries = new Canaries('redaction')
  const hides = (text: string, env: NodeJS.ProcessEnv = {}) => {
    const safe = redact(text, env)
    expect(canaries.foundIn(safe), safe).to.deep.equal([])
    expect(safe).to.include('[hidden]')
    return safe
  }

  it('knows what stands in variables, by their names', () => {
    for (const name of [
      'AWS_ACCESS_KEY_ID',
      'AWS_SECRET_ACCESS_KEY',
      'AWS_SESSION_TOKEN',
      'AWS_CONTAINER_AUTHORIZATION_TOKEN',
      'GITHUB_TOKEN',
      'PGPASSWORD',
      'api_key',
    ]) {
      const secret = canaries.secret(name)
      hides(`a ${secret} b`, { [name]: secret })
      hides(encodeURIComponent(secret), { [name]: secret })
      hides(JSON.stringify({ inner: JSON.stringify({ secret }) }), { [name]: secret })
      hides(Buffer.from(secret).toString('hex'), { [name]: secret })
      for (const before of ['', 'u', 'us', 'user:']) {
        const bytes = Buffer.from(`${before}${secret}after`)
        hides(bytes.toString('base64'), { [name]: secret })
        hides(bytes.toString('base64url'), { [name]: secret })
      }
    }
  })

  it('leaves places, short values and ordinary words alone', () => {
    const env = {
      AWS_WEB_IDENTITY_TOKEN_FILE: '/var/run/secrets/token',
      AWS_SECRET_ACCESS_KEY: 'test',
      SOME_URL: 'https://example.com/path',
      HOME: '/home/somebody',
    }
    const text = 'test: read /var/run/secrets/token of /home/somebody at https://example.com/path'
    expect(redact(text, env)).to.equal(text)
    for (const plain of [
      'If you set AWS_SESSION_TOKEN yourself, set all three AWS_* variables anew.',
      's3://bucket/inbox/a@b.csv',
      'Basic authentication is not what AWS uses.',
      'arn:aws:iam::111122223333:role/dp-dev-ecs-task-eun1',
      'sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef',
    ]) {
      expect(redact(plain, {})).to.equal(plain)
    }
  })

  it('knows passwords in addresses, also as they are meant', () => {
    const password = canaries.secret('proxy')
    const https_proxy = `http://user:${encodeURIComponent(password)}@proxy:8080`
    hides(`407 from ${https_proxy}`, { https_proxy })
    hides(`password ${password}`, { https_proxy })
    hides(`Proxy-Authorization: Basic ${Buffer.from(`user:${password}`).toString('base64')}`, { https_proxy })
  })

  it('knows what this process came by', () => {
    const secret = canaries.token('found by the login')
    expect(redact(`a ${secret}`, {})).to.include(secret)
    rememberSecret(secret)
    expect(hides(`a ${secret} b`)).to.equal('a [hidden] b')
    rememberSecret(undefined)
    rememberSecret('short')
    expect(redact('short', {})).to.equal('short')
  })

  it('knows secrets of others by their shape, and leaves JSON whole', () => {
    const token = canaries.token('of others')
    for (const value of [
      { Credentials: { SecretAccessKey: token, SessionToken: token } },
      { accessToken: token, refreshToken: token, clientSecret: token },
      { headers: { 'x-amz-security-token': token, authorization: `Bearer ${token}` } },
      { text: `aws_secret_access_key = ${token}` },
      { text: `<SecretAccessKey>${token}</SecretAccessKey>` },
      {
        text: `https://b.s3.amazonaws.com/k?X-Amz-Signature=${token}&X-Amz-Security-Token=${encodeURIComponent(token)}`,
      },
      { text: `https%3A%2F%2Fx%3FX-Amz-Signature%3D${encodeURIComponent(token)}` },
      { text: `https://user:${canaries.word('userinfo')}@example.com/` },
      { SecretString: token, Password: token, ActivationKey: token },
      {
        text: `https://sns.eu-north-1.amazonaws.com/?Action=ConfirmSubscription&Token=${canaries.word('sns')}`,
      },
      { text: `-----BEGIN RSA PRIVATE KEY-----\n${token}\n-----END RSA PRIVATE KEY-----` },
    ]) {
      const json = JSON.stringify(value)
      expect(() => JSON.parse(hides(json)) as unknown, json).not.to.throw()
      const twice = JSON.stringify({ body: json })
      expect(() => JSON.parse(hides(twice)) as unknown, twice).not.to.throw()
    }
    hides(canaries.jwt('web identity'))
    hides(`no such key ${canaries.accessKeyId('of somebody')}`)
  })

  it('changes nothing in data but what is known to be secret', () => {
    const row = 'https://user:pass-of-a-column@example.com,password: from-a-file,AKIAIOSFODNN7EXAMPLE\r\n'
    expect(redactKnown(row, {})).to.equal(row)
    const secret = canaries.token('in data')
    expect(redactKnown(`a,${secret}\r\n`, { AWS_SESSION_TOKEN: secret })).to.equal('a,[hidden]\r\n')
  })
})
