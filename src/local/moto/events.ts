/** What starting the embedded AWS tells while it works; the message is for people. */
export interface LocalEvent {
  type: 'local.installing' | 'local.waiting' | 'local.starting' | 'local.ready'
  message: string
}

export type LocalListener = (event: LocalEvent) => void

const SAY_EVERY_MS = 10_000

/** Says every 10 s that something still goes on, until it ends. */
export async function telling<T>(
  work: Promise<T>,
  what: string,
  onEvent: LocalListener | undefined,
): Promise<T> {
  const started = Date.now()
  const timer = setInterval(() => {
    const seconds = Math.round((Date.now() - started) / 1000)
    onEvent?.({ type: 'local.waiting', message: `Still ${what} (${seconds} s).` })
  }, SAY_EVERY_MS)
  try {
    return await work
  } finally {
    clearInterval(timer)
  }
}
