import { expect } from 'chai'
import { redact } from '../../src/ui/redact.js'

const SECRET = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'

describe('redact', () => {
  it('hides the secrets of the environment, also inside an address', () => {
    const env = { AWS_SECRET_ACCESS_KEY: SECRET, AWS_SESSION_TOKEN: 'FwoGZXIvYXdzEXAMPLE//token==' }
    expect(
      redact(`a ${SECRET} b FwoGZXIvYXdzEXAMPLE//token== c ${encodeURIComponent(SECRET)}`, env),
    ).to.equal('a [hidden] b [hidden] c [hidden]')
  })

  it('hides signatures of presigned addresses', () => {
    expect(redact('https://b.s3/k?X-Amz-Signature=abc&X-Amz-Security-Token=d%2Fe&x=1', {})).to.equal(
      'https://b.s3/k?X-Amz-Signature=[hidden]&X-Amz-Security-Token=[hidden]&x=1',
    )
  })

  it('leaves ordinary words alone, even when an emulator takes them for a secret', () => {
    expect(redact('datapipe is a test', { AWS_SECRET_ACCESS_KEY: 'test' })).to.equal('datapipe is a test')
  })
})
