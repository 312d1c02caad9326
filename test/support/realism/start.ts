import { startMoto } from '../moto.js'
import { deletionRules, type DeletionOptions } from './deletion-rules.js'
import { startRealisticAws, type RealisticAws } from './double.js'

export interface Started extends RealisticAws {
  /** Of the emulator itself, past the rules. */
  emulator: string
}

/** An emulator of its own, with the rules of deletion in front. Allow 120 s the first time: it may install. */
export async function startStrictAws(options: DeletionOptions = {}): Promise<Started> {
  const moto = await startMoto()
  const double = await startRealisticAws(moto.endpoint, deletionRules(options))
  const stopDouble = double.stop.bind(double)
  const stop = async () => {
    await stopDouble()
    await moto.stop()
  }
  return Object.assign(double, { emulator: moto.endpoint, stop })
}

/** The name of the error that a call is refused with. */
export async function refusal(call: Promise<unknown>): Promise<string> {
  try {
    await call
  } catch (error) {
    if (error instanceof Error) return error.name
    throw error
  }
  return 'not refused'
}
