import { rm } from 'node:fs/promises'
import { availableParallelism, tmpdir, totalmem } from 'node:os'
import { GlueClient } from '@aws-sdk/client-glue'
import { S3Client } from '@aws-sdk/client-s3'
import type { AwsContext } from '../aws/context.js'
import type { Workshop } from '../transform/merge/fold.js'
import type { Lake } from '../transform/merge/lake.js'
import { makeScratch } from '../transform/scratch.js'

const MIB = 1024 * 1024
const MOST_MEMORY_MB = 2048

/** The tables of an environment. */
export function lakeOf(aws: AwsContext): Lake {
  return {
    s3: aws.clients.of(S3Client),
    glue: aws.clients.of(GlueClient),
    bucket: aws.names.bucket('transformed'),
    database: aws.names.database,
  }
}

/** Does work that writes files together on this machine, in a folder of its own; a third of the memory at most. */
export async function inWorkshop<T>(
  signal: AbortSignal,
  work: (workshop: Workshop) => Promise<T>,
): Promise<T> {
  const scratch = await makeScratch(tmpdir())
  try {
    const memoryLimitMb = Math.floor(Math.min(MOST_MEMORY_MB, totalmem() / MIB / 3))
    return await work({ scratch, memoryLimitMb, threads: availableParallelism(), signal })
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}
