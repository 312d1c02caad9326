// Entry point of the container: one object version in, Parquet out. Everything it needs is in its environment, see
// container/settings.ts; its log goes to stdout, one JSON object per line. Exit codes: 0 done (or superseded, rolled back, or left alone as bad), 64 the data is
// bad (a record says why; never try again), 1 anything else (try again).
import { GlueClient } from '@aws-sdk/client-glue'
import { S3Client } from '@aws-sdk/client-s3'
import { redact } from '../secrets.js'
import { clientSettings } from './container/client-settings.js'
import { runJob } from './container/job.js'
import { errorDetails, jsonLog } from './container/log.js'
import { availableMemoryMb } from './container/memory.js'
import { publishRejected } from './container/metrics.js'
import { leaveResult } from './container/result.js'
import { readSettings } from './container/settings.js'
import { endWithStarter } from './container/starter.js'
import { DATA_ERROR_EXIT_CODE } from './exit-codes.js'

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true'

const log = jsonLog((line) => process.stdout.write(redact(line)))
endWithStarter()
const abort = new AbortController()
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    log('interrupted', { signal })
    abort.abort()
  })
}

async function main(): Promise<number> {
  const startedMs = Date.now()
  const settings = readSettings(process.env)
  log('started', {
    bucket: settings.bucket,
    key: settings.key,
    versionId: settings.versionId ?? 'latest',
    execution: settings.execution,
  })
  const s3 = new S3Client({
    ...clientSettings(),
    forcePathStyle: process.env.AWS_ENDPOINT_URL !== undefined,
  })
  const glue = new GlueClient(clientSettings())
  try {
    const memoryMb = settings.memoryMb ?? (await availableMemoryMb(process.env))
    const record = await runJob({ settings, s3, glue, memoryMb, log, signal: abort.signal })
    const { status, rowsIn, rowsOut, rowsRejected, durationMs } = record
    log('finished', { status, rowsIn, rowsOut, rowsRejected, durationMs, outputs: record.outputs.length })
    const loadedBefore = Date.parse(record.startedAt) < startedMs
    // Those rows were counted then.
    if (!loadedBefore) await publishRejected(record, settings, log)
    await leaveResult(s3, settings, record, loadedBefore, log)
    // What an earlier execution has reported is not reported again; an earlier task of this one may have died before that.
    const isReported = loadedBefore && record.runId !== settings.execution
    return (status === 'failed' || status === 'rejected') && !isReported ? DATA_ERROR_EXIT_CODE : 0
  } finally {
    s3.destroy()
    glue.destroy()
  }
}

main().then(
  (code) => {
    process.exitCode = code
  },
  (error: unknown) => {
    log('failed', errorDetails(error))
    process.exitCode = 1
  },
)
