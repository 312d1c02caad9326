import type { S3Client } from '@aws-sdk/client-s3'
import type { RunRecord } from '../record.js'
import { errorDetails, type Log } from './log.js'
import { putJson } from './objects.js'
import type { Settings } from './settings.js'

/**
 * Leaves what the execution says of this run in its message, where the execution finds it. Never throws: the file is loaded,
 * and the message then goes out without numbers.
 */
export async function leaveResult(
  s3: S3Client,
  { resultKey, transformedBucket }: Pick<Settings, 'resultKey' | 'transformedBucket'>,
  { durationMs, rowsIn, rowsOut, rowsRejected, status }: RunRecord,
  loadedBefore: boolean,
  log: Log,
): Promise<void> {
  if (resultKey === undefined) return
  try {
    await putJson(s3, transformedBucket, resultKey, {
      schemaVersion: 1,
      outcome: loadedBefore ? 'already-loaded' : status,
      rowsIn,
      rowsOut,
      rowsRejected,
      seconds: Math.round(durationMs / 1000),
    })
  } catch (error) {
    log('result_lost', errorDetails(error))
  }
}
