import { UsageError } from '../../errors.js'

/** Environment variable with the key of the hashes on this machine. */
export const PII_KEY_VARIABLE = 'DATAPIPE_PII_KEY'
/** Where the key of an environment is, in its artifacts bucket. */
export const PII_KEY_OBJECT = 'keys/pii.json'
/** As many bytes as the hash has: fewer would be its weakest part (RFC 2104, section 3). */
export const PII_KEY_BYTES = 32

/**
 * Reads the key of the hashes: base64 (either alphabet) or hexadecimal. Nothing of it is ever in a message.
 * @param where what messages call the place that it came from
 * @throws UsageError PII_KEY_MISSING, PII_KEY_INVALID
 */
export function parsePiiKey(text: string | undefined, where: string): Buffer {
  const trimmed = (text ?? '').trim()
  if (trimmed === '') {
    throw new UsageError('PII_KEY_MISSING', `The dataset hashes personal data, and ${where} holds no key.`, {
      suggestions: [`Make one and keep it: export ${PII_KEY_VARIABLE}=$(openssl rand -base64 32)`],
    })
  }
  const key = decoded(trimmed)
  if (key === undefined || key.length < PII_KEY_BYTES) {
    const why = key === undefined ? 'is neither base64 nor hexadecimal' : `has ${key.length} bytes`
    throw new UsageError(
      'PII_KEY_INVALID',
      `The key in ${where} ${why}; at least ${PII_KEY_BYTES} bytes are needed.`,
      {
        suggestions: ['openssl rand -base64 32 makes a good one.'],
      },
    )
  }
  return key
}

function decoded(text: string): Buffer | undefined {
  if (/^(?:[0-9a-f]{2})+$/i.test(text)) return Buffer.from(text, 'hex')
  return /^[A-Za-z0-9+/_-]+={0,2}$/.test(text) ? Buffer.from(text, 'base64') : undefined
}
