import type { Environment } from '../../config/schema.js'
import { UsageError } from '../../errors.js'

export interface UnlockWish {
  environment: Pick<Environment, 'name' | 'protect'>
  /** The value of --confirm. */
  confirm?: string
  /** --yes */
  yes: boolean
  /** Somebody sits at a terminal. */
  canAsk: boolean
  /** What the command found, for whoever cannot be asked. */
  found: unknown
}

/** @throws UsageError CONFIRMATION_WRONG */
export function checkConfirmed({ name }: Pick<Environment, 'name'>, confirm: string | undefined): void {
  if (confirm === undefined || confirm === name) return
  throw refused('CONFIRMATION_WRONG', `--confirm says ${confirm}, but the environment is ${name}.`, name)
}

/**
 * Whether the lease may be broken: `ask` when somebody still has to say so.
 * @throws UsageError ENVIRONMENT_PROTECTED, CONFIRMATION_REQUIRED
 */
export function consentToUnlock({ canAsk, confirm, environment, found, yes }: UnlockWish): 'given' | 'ask' {
  const { name, protect } = environment
  if (confirm !== undefined) return 'given'
  if (protect) {
    const why = `${name} is protected: --yes and a prompt are not enough.`
    throw refused('ENVIRONMENT_PROTECTED', why, name, found)
  }
  if (yes) return 'given'
  if (canAsk) return 'ask'
  const why = `Breaking the lease of ${name} needs a confirmation, and there is nobody to ask.`
  throw refused('CONFIRMATION_REQUIRED', why, name, found)
}

function refused(code: string, message: string, name: string, result?: unknown): UsageError {
  return new UsageError(code, `${message} Nothing was broken.`, {
    suggestions: [`When its run is known to be dead: datapipe unlock --env ${name} --confirm ${name}`],
    ...(result === undefined ? {} : { result }),
  })
}
