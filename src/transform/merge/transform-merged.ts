import { rm, stat } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { Dataset } from '../../config/dataset.js'
import { DatapipeError } from '../../errors.js'
import { DEFAULT_MEMORY_MB, transformFile } from '../transform.js'
import type { RejectFiles, TransformOptions, TransformResult } from '../types.js'
import { makeScratch, removeLeftOvers } from '../scratch.js'
import { MERGING, moveInto, publishLocally } from './local.js'

/** Names of folders in an output folder, on the same disk, that are there during a run. */
const STAGED = '.staged-'

/** Whether rows of a dataset can take the place of others. */
export function isMerged({ key, tables }: Dataset): boolean {
  return key !== undefined || Object.values(tables ?? {}).some((table) => table.key !== undefined)
}

/**
 * `transformFile` for a dataset with a key, into a folder that readers look at: a file that was modified later wins over an
 * earlier one, and each partition is one file that is replaced at once.
 * @throws as transformFile
 */
export async function transformMerged(options: TransformOptions & { out: string }): Promise<TransformResult> {
  const { file, out, signal } = options
  await removeLeftOvers(out, STAGED)
  await removeLeftOvers(out, MERGING)
  const staged = await makeScratch(out, STAGED)
  try {
    const { mtimeMs } = await stat(file)
    const result = await transformFile({ ...options, out: staged }).catch(async (error: unknown) => {
      if (error instanceof DatapipeError && error.code === 'REJECTS_OVER_LIMIT') {
        const { rejects } = error.result as { rejects: RejectFiles | null }
        for (const path of rejects ? [rejects.parquet, rejects.csv] : [])
          await moveInto(join(staged, path), join(out, path))
      }
      throw error
    })
    return await publishLocally(staged, out, result, mtimeMs, {
      memoryLimitMb: options.memoryLimitMb ?? DEFAULT_MEMORY_MB,
      threads: options.threads ?? availableParallelism(),
      signal,
    })
  } finally {
    await rm(staged, { recursive: true, force: true })
  }
}
