import { expect } from 'chai'
import { DatapipeError } from '../../../src/errors.js'
import { parsePiiKey } from '../../../src/transform/pii/key.js'

describe('the key of the hashes', () => {
  const bytes = Buffer.from(Array.from({ length: 32 }, (_, i) => (i * 37 + 250) % 256))
  const refused = (text: string | undefined) => {
    try {
      parsePiiKey(text, 'DATAPIPE_PII_KEY')
    } catch (error) {
      if (error instanceof DatapipeError) return error
      throw error
    }
    throw new Error('it was accepted')
  }

  it('is base64, in either alphabet, or hexadecimal', () => {
    for (const encoding of ['base64', 'base64url', 'hex'] as const)
      expect(parsePiiKey(` ${bytes.toString(encoding)}\n`, 'x')).to.deep.equal(bytes)
  })

  it('must be there and long enough, and is in no message', () => {
    expect(refused(undefined).code).to.equal('PII_KEY_MISSING')
    expect(refused(' ').code).to.equal('PII_KEY_MISSING')
    const short = bytes.subarray(1).toString('base64')
    expect(refused(short)).to.include({ code: 'PII_KEY_INVALID' })
    expect(refused(short).message).to.include('31 bytes').and.not.include(short)
    expect(refused('correct horse battery staple').message).to.include('neither').and.not.include('horse')
  })
})
