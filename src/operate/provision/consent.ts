import type { Environment } from '../../config/schema.js'
import { UsageError } from '../../errors.js'

/** What is known about a `down` before AWS is asked for anything. */
export interface DownWish {
  environment: Pick<Environment, 'name' | 'protect' | 'endpoint'>
  deleteData: boolean
  /** The value of --confirm. */
  confirm?: string
  /** --yes */
  yes: boolean
  /** The environment was named on the command line, not by a variable that somebody may have left set. */
  isNamed: boolean
  /** There is a datapipe.yaml, which would say that the environment is protected. */
  isConfigured: boolean
  /** Somebody sits at a terminal. */
  canAsk: boolean
}

/**
 * Whether an environment may be removed: `ask` when its name is still to be typed. The name, with --confirm or typed, is always
 * enough. --yes is enough on the embedded AWS, and elsewhere for what a mistake would not lose: no data, an environment
 * that was named in this very command, and that is known not to be protected.
 * @throws UsageError CONFIRMATION_WRONG, ENVIRONMENT_PROTECTED, DATA_NOT_CONFIRMED, CONFIRMATION_REQUIRED
 */
export function consentToDown(wish: DownWish): 'given' | 'ask' {
  const { canAsk, confirm, environment, yes } = wish
  const { name, protect } = environment
  if (confirm !== undefined) {
    if (confirm === name) return 'given'
    throw refused(
      'CONFIRMATION_WRONG',
      `--confirm says ${confirm}, but the environment is ${name}.`,
      wish,
      'To remove it',
    )
  }
  if (protect) {
    const why = `${name} is protected: --yes and a prompt are not enough.`
    throw refused('ENVIRONMENT_PROTECTED', why, wish, 'To remove it all the same')
  }
  if (yes) {
    if (environment.endpoint !== 'embedded') assertYesIsEnough(wish)
    return 'given'
  }
  if (canAsk) return 'ask'
  throw refused(
    'CONFIRMATION_REQUIRED',
    `Removing ${name} needs a confirmation, and there is nobody to ask.`,
    wish,
    'To confirm it',
  )
}

function assertYesIsEnough(wish: DownWish): void {
  const { deleteData, environment, isConfigured, isNamed } = wish
  const { name } = environment
  if (deleteData) {
    const why = `--yes is not enough to delete the data of ${name}: its name is needed.`
    throw refused('DATA_NOT_CONFIRMED', why, wish, 'To delete it')
  }
  if (!isNamed) {
    const why = `--yes is not enough, because ${name} comes from DATAPIPE_ENV and not from this command.`
    throw refused('CONFIRMATION_REQUIRED', why, wish, 'To confirm it')
  }
  if (!isConfigured) {
    const why = `--yes is not enough without a configuration file, which would say whether ${name} is protected.`
    throw refused('CONFIRMATION_REQUIRED', why, wish, 'To confirm it')
  }
}

function refused(code: string, message: string, wish: DownWish, purpose: string): UsageError {
  const { name } = wish.environment
  const data = wish.deleteData ? ' --delete-data' : ''
  return new UsageError(code, `${message} Nothing was touched.`, {
    suggestions: [`${purpose}: datapipe down --env ${name}${data} --confirm ${name}`],
  })
}
