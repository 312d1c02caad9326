import { isAwsError } from '../../aws/retry.js'
import { DatapipeError } from '../../errors.js'

const ATTEMPTS = 3

/**
 * Sends a body again when S3 says that it did not arrive as it was sent: the SDK takes that for our mistake and does not.
 * @throws DatapipeError UPLOAD_CORRUPTED when it never arrives whole
 */
export async function resendDamaged<T>(what: string, send: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await send()
    } catch (error) {
      if (!isAwsError(error, 'BadDigest', 'XAmzContentSHA256Mismatch')) throw error
      if (attempt < ATTEMPTS) continue
      throw new DatapipeError(
        'UPLOAD_CORRUPTED',
        `${what} arrived damaged ${ATTEMPTS} times: S3 computed another checksum than this machine. Nothing of it was kept.`,
        {
          cause: error,
          suggestions: [
            'Something between this machine and S3 changes what passes, such as a proxy; or its memory is faulty.',
            'Run the same command again.',
          ],
        },
      )
    }
  }
}
