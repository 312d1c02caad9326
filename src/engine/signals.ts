import { ExitCode, InterruptedError } from '../errors.js'

export type StopSignal = 'SIGINT' | 'SIGTERM'

/** The part of `process` that is needed. */
export interface SignalSource {
  on(event: StopSignal, listener: (name: StopSignal) => void): unknown
  off(event: StopSignal, listener: (name: StopSignal) => void): unknown
  exit(code: number): void
}

export interface SignalOptions {
  /** The run stops: nothing new starts, what is in flight is drained. For saying so. */
  onFirst?: (name: StopSignal) => void
  /** The process ends as soon as this returns. For saying how to recover. */
  onSecond?: (name: StopSignal) => void
  source?: SignalSource
}

export interface SignalHandlers {
  /** Aborted by the first signal, with an InterruptedError as its reason. */
  signal: AbortSignal
  /** Gives the signals back to Node. */
  dispose(): void
}

const STOP_SIGNALS: readonly StopSignal[] = ['SIGINT', 'SIGTERM']

/**
 * First SIGINT or SIGTERM: asks the run to stop. Second: ends the process at once with exit code 130. Install it before the
 * lease is taken, dispose of it after the lease was released: in between a lone signal must not leave the lease behind.
 */
export function installSignalHandlers(options: SignalOptions = {}): SignalHandlers {
  const source = options.source ?? process
  const controller = new AbortController()
  const onSignal = (name: StopSignal) => {
    if (!controller.signal.aborted) {
      controller.abort(new InterruptedError(`Interrupted by ${name}.`))
      options.onFirst?.(name)
      return
    }
    try {
      options.onSecond?.(name)
    } finally {
      source.exit(ExitCode.interrupted)
    }
  }
  for (const name of STOP_SIGNALS) source.on(name, onSignal)
  return {
    signal: controller.signal,
    dispose: () => {
      for (const name of STOP_SIGNALS) source.off(name, onSignal)
    },
  }
}
