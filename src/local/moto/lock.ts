import { join } from 'node:path'
import { withFileLock } from '../file-lock.js'
import type { LocalListener } from './events.js'

/** One process at a time starts, stops or installs the embedded AWS. @throws InterruptedError */
export function withLocalLock<T>(
  directory: string,
  { onEvent, signal }: { signal: AbortSignal; onEvent?: LocalListener },
  action: () => Promise<T>,
): Promise<T> {
  return withFileLock(join(directory, 'lock'), action, {
    signal,
    onWait: (holder) => {
      onEvent?.({
        type: 'local.waiting',
        message: `Process ${holder} is starting or stopping the embedded AWS; waiting for it.`,
      })
    },
  })
}
