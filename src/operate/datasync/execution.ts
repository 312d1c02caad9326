import type { DescribeTaskExecutionCommandOutput } from '@aws-sdk/client-datasync'
import { ExitCode } from '../../errors.js'

/** One run of the task, as a person and a script want to see it. Counts are null where DataSync says nothing (yet). */
export interface TransferExecution {
  arn: string
  /** QUEUED, LAUNCHING, PREPARING, TRANSFERRING, VERIFYING, CANCELLING, SUCCESS or ERROR */
  status: string
  startedAt: string | null
  endedAt: string | null
  durationMs: number | null
  filesToTransfer: number | null
  filesTransferred: number | null
  filesVerified: number | null
  filesSkipped: number | null
  filesFailed: number
  /** At the destination. */
  bytesWritten: number | null
  bytesToTransfer: number | null
  error: { code: string | null; detail: string | null } | null
}

export function toExecution(arn: string, found: DescribeTaskExecutionCommandOutput): TransferExecution {
  const { Result: result, StartTime: start, Status: status = 'UNKNOWN' } = found
  const failed = found.FilesFailed ?? {}
  const took = result?.TotalDuration
  return {
    arn,
    status,
    startedAt: start?.toISOString() ?? null,
    endedAt: found.EndTime?.toISOString() ?? null,
    durationMs: took === undefined || took === 0 ? null : took,
    filesToTransfer: found.EstimatedFilesToTransfer ?? null,
    filesTransferred: found.FilesTransferred ?? null,
    filesVerified: found.FilesVerified ?? null,
    filesSkipped: found.FilesSkipped ?? null,
    filesFailed: (failed.Prepare ?? 0) + (failed.Transfer ?? 0) + (failed.Verify ?? 0) + (failed.Delete ?? 0),
    bytesWritten: found.BytesWritten ?? null,
    bytesToTransfer: found.EstimatedBytesToTransfer ?? null,
    error:
      result?.ErrorCode === undefined && result?.ErrorDetail === undefined
        ? null
        : { code: result.ErrorCode ?? null, detail: result.ErrorDetail ?? null },
  }
}

export function hasEnded({ status }: TransferExecution): boolean {
  return status === 'SUCCESS' || status === 'ERROR'
}

/** 0 all copied, 3 some files could not be, 1 it failed; 0 too while it is under way. */
export function executionExitCode(execution: TransferExecution): ExitCode {
  if (execution.status === 'ERROR') return ExitCode.failed
  return hasEnded(execution) && execution.filesFailed > 0 ? ExitCode.partial : ExitCode.ok
}
