import type { STSClient } from '@aws-sdk/client-sts'
import type { AwsCredentialIdentity, AwsCredentialIdentityProvider } from '@aws-sdk/types'
import { DatapipeError } from '../errors.js'
import { rememberSecret } from '../secrets.js'
import { requireSafeRequest } from './endpoint-safety.js'

/** The embedded AWS takes anything; the same for everybody, so that nobody's real keys are sent to it. */
export const EMBEDDED_CREDENTIALS: AwsCredentialIdentity = {
  accessKeyId: 'datapipe',
  secretAccessKey: 'datapipe',
}

/** The chain warns on stderr when a profile and keys in the environment meet; here a named profile wins, by rule. */
const QUIET = { debug: ignore, info: ignore, warn: ignore, error: ignore }

function ignore(): void {
  // Failures are thrown as well.
}

export interface CredentialOptions {
  /** Left out: AWS_PROFILE, or what the environment and the machine offer. */
  profile?: string
  /** Asks for the one-time code of an MFA device. */
  mfaCode?: (serial: string) => Promise<string>
  /** Let a login go to endpoints that are neither encrypted nor this machine. */
  allowInsecureEndpoint?: boolean
}

/**
 * The SDK's own chain, a named profile first: environment variables, SSO, profiles, web identity, container and instance roles. One provider for
 * all clients, so that a login or a role is resolved once per command and not once per service. What it finds is never printed.
 */
export async function credentialChain(options: CredentialOptions): Promise<AwsCredentialIdentityProvider> {
  const { fromNodeProviderChain } = await import('@aws-sdk/credential-providers')
  const { allowInsecureEndpoint = false, mfaCode, profile } = options
  const guard = await guardedHandler(allowInsecureEndpoint)
  const chain = fromNodeProviderChain({
    ...(profile === undefined ? {} : { profile }),
    logger: QUIET,
    clientConfig: { requestHandler: guard.handler },
    // Some links of the chain hand on only this one.
    parentClientConfig: { requestHandler: guard.handler },
    ...(mfaCode === undefined ? {} : { mfaCodeProvider: mfaCode }),
  })
  return async (properties) => {
    try {
      const credentials = await chain(properties)
      rememberSecret(credentials.secretAccessKey)
      rememberSecret(credentials.sessionToken)
      return credentials
    } catch (error) {
      throw guard.refused() ?? withoutSecrets(error)
    }
  }
}

type Handler = STSClient['config']['requestHandler']

/** What the clients of the chain send with. The chain tells its own story of what they throw, so the reason is kept here. */
async function guardedHandler(
  allowInsecure: boolean,
): Promise<{ handler: Handler; refused: () => DatapipeError | undefined }> {
  const { STSClient } = await import('@aws-sdk/client-sts')
  const { requestHandler: inner } = new STSClient({}).config
  let reason: DatapipeError | undefined
  const handle: Handler['handle'] = async (request, options) => {
    try {
      requireSafeRequest(request, allowInsecure)
    } catch (error) {
      if (error instanceof DatapipeError) reason = error
      throw error
    }
    return inner.handle(request, options)
  }
  return { handler: Object.assign(Object.create(inner) as Handler, { handle }), refused: () => reason }
}

/**
 * An error of the chain, of the same kind, without what it quotes: the command line of a `credential_process` and what it
 * printed, or the first characters of a file that is no JSON.
 */
function withoutSecrets(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const message = error.message.startsWith('Command failed')
    ? 'The credential_process of the profile failed. Run it by hand to see why.'
    : error.message.replace(/(Unexpected token|is not valid JSON)[\s\S]*/, 'no valid JSON')
  if (message === error.message) return error
  return Object.assign(new Error(message), { name: error.name })
}
