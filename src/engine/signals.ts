import { setMaxListeners } from 'node:events'
import { ExitCode, InterruptedError } from '../errors.js'

export type StopSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP'

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

const STOP_SIGNALS: readonly StopSignal[] = ['SIGINT', 'SIGTERM', 'SIGHUP']

/**
 * First SIGINT, SIGTERM or SIGHUP (the terminal was closed): asks the run to stop. Second: ends the process at once with exit
 * code 130; but a SIGHUP never does that, since a closing terminal sends it from both the shell and the kernel, and nobody
 * is there who could be in a hurry. Install it before the lease is taken, dispose of it after the lease was released: in
 * between a lone signal must not leave the lease behind.
 */
export function installSignalHandlers(options: SignalOptions = {}): SignalHandlers {
  const source = options.source ?? process
  const controller = new AbortController()
  allowManyListeners(controller.signal)
  const onSignal = (name: StopSignal) => {
    if (!controller.signal.aborted) {
      controller.abort(new InterruptedError(`Interrupted by ${name}.`))
      options.onFirst?.(name)
      return
    }
    if (name === 'SIGHUP') return
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

/** Aborted as soon as one of them is. */
export function anySignal(...signals: AbortSignal[]): AbortSignal {
  const either = AbortSignal.any(signals)
  allowManyListeners(either)
  return either
}

/** Node warns of a leak at the eleventh listener, but every wait and every call of a run listens to its signal. */
function allowManyListeners(signal: AbortSignal): void {
  setMaxListeners(0, signal)
}
