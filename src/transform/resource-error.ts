import { DatapipeError, messageOf } from '../errors.js'

/** Full disk of the operating system, or of DuckDB, which takes at most nine tenths of what was free when it began. */
const DISK_FULL = /No space left on device|max_temp_directory_size/

/** What the machine lacks, if that is what an error of DuckDB is about: DISK_FULL or OUT_OF_MEMORY. */
export function resourceError(error: unknown): DatapipeError | undefined {
  const message = messageOf(error)
  if (DISK_FULL.test(message)) {
    return new DatapipeError(
      'DISK_FULL',
      `The disk has no room for what the transform sets aside; nothing was published. ${firstLine(message)}`,
      {
        cause: error,
        suggestions: ['Make room and run it again, or split the file.'],
      },
    )
  }
  if (!message.startsWith('Out of Memory Error')) return undefined
  return new DatapipeError(
    'OUT_OF_MEMORY',
    `The transform needs more memory than it may use: ${firstLine(message)}`,
    {
      cause: error,
      suggestions: ['Allow it more memory, or split the file.'],
    },
  )
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? text
}
