import type { AwsCredentialIdentity, AwsCredentialIdentityProvider } from '@aws-sdk/types'

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
}

/**
 * The SDK's own chain, a named profile first: environment variables, SSO, profiles, web identity, container and instance roles. One provider for
 * all clients, so that a login or a role is resolved once per command and not once per service.
 */
export async function credentialChain(options: CredentialOptions): Promise<AwsCredentialIdentityProvider> {
  const { fromNodeProviderChain } = await import('@aws-sdk/credential-providers')
  const { mfaCode, profile } = options
  return fromNodeProviderChain({
    ...(profile === undefined ? {} : { profile }),
    logger: QUIET,
    ...(mfaCode === undefined ? {} : { mfaCodeProvider: mfaCode }),
  })
}
