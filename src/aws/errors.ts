import { DatapipeError, UsageError } from '../errors.js'
import { accessDenied } from './access-denied.js'
import { clockSkew } from './clock-skew.js'
import { quotaExceeded } from './quotas.js'
import { isThrottling } from './retry.js'

export interface TranslationContext {
  /** The profile in use, for saying how to log in with it. Left out: AWS_PROFILE. */
  profile?: string
  /** Where the call went, if it did not go to AWS. */
  endpoint?: string
}

type Translator = (error: Error, context: TranslationContext) => DatapipeError | undefined

/**
 * What the AWS SDK, its credential chain, the network or the disk threw, as an error that says what to do next; undefined
 * when it is none of the known kinds (spec §14). The original stays its `cause`.
 */
export function translateAwsError(
  error: unknown,
  context: TranslationContext = {},
): DatapipeError | undefined {
  if (!(error instanceof Error) || error instanceof DatapipeError) return undefined
  const complete = { profile: process.env.AWS_PROFILE, ...withoutUndefined(context) }
  for (const translate of TRANSLATORS) {
    const translated = translate(error, complete)
    if (translated !== undefined) return translated
  }
  return undefined
}

/** In this order: a wrong clock shows itself as an expired login, and that in many ways, some of which look like missing credentials. */
const TRANSLATORS: readonly Translator[] = [
  clockSkew,
  expired,
  missingCredentials,
  invalidCredentials,
  quotaExceeded,
  throttled,
  unreachable,
  diskFull,
  accessDenied,
  serverFailed,
  withoutReason,
]

const EXPIRED = new Set(['ExpiredToken', 'ExpiredTokenException', 'RequestExpired', 'TokenRefreshRequired'])
const SSO_LOGIN = /SSO session|sso login|token is expired|Token is expired/

function expired(error: Error, { profile }: TranslationContext): DatapipeError | undefined {
  const isSso = isCredentialError(error) && SSO_LOGIN.test(error.message)
  if (!isSso && !EXPIRED.has(error.name)) return undefined
  const whose = profile === undefined ? '' : ` of profile ${profile}`
  const option = profile === undefined ? '' : ` --profile ${profile}`
  return new DatapipeError('EXPIRED_TOKEN', `Your AWS login${whose} has expired or is missing.`, {
    cause: error,
    suggestions: [
      `Log in again with \`aws sso login${option}\`, then run the same command again.`,
      ...(isSso ? [] : ['If you set AWS_SESSION_TOKEN yourself, set all three AWS_* variables anew.']),
    ],
  })
}

function missingCredentials(error: Error, { profile }: TranslationContext): DatapipeError | undefined {
  if (!isCredentialError(error)) return undefined
  if (error.message.includes('multi-factor')) {
    return new UsageError(
      'NO_CREDENTIALS',
      `Profile ${profile ?? 'default'} needs a one-time code (MFA), and there is no terminal to ask for it.`,
      { cause: error, suggestions: ['Run the command in a terminal, or use a profile that needs no code.'] },
    )
  }
  const found =
    profile === undefined
      ? 'No AWS credentials were found.'
      : `Profile ${profile} has no usable AWS credentials.`
  const option = profile === undefined ? '' : ` --profile ${profile}`
  return new UsageError('NO_CREDENTIALS', found, {
    cause: error,
    suggestions: [
      `Log in with \`aws sso login${option}\`, or set up keys with \`aws configure${option}\`.`,
      ...(profile === undefined ? ['If you have a profile, name it with --profile or AWS_PROFILE.'] : []),
      'To try datapipe without an AWS account, use `--env local`.',
    ],
  })
}

function isCredentialError({ message, name }: Error): boolean {
  return (
    name === 'CredentialsProviderError' ||
    name === 'TokenProviderError' ||
    (name === 'Error' && message.startsWith('Credential is missing'))
  )
}

const INVALID = new Set([
  'InvalidClientTokenId',
  'UnrecognizedClientException',
  'InvalidAccessKeyId',
  'SignatureDoesNotMatch',
  'InvalidSignatureException',
  'IncompleteSignature',
  'AuthFailure',
  'InvalidToken',
  'MissingAuthenticationToken',
  'MissingAuthenticationTokenException',
])

function invalidCredentials(error: Error, { profile }: TranslationContext): DatapipeError | undefined {
  // With "(Service:" in it, it is a service that does not see a new role yet (spec §14).
  if (!INVALID.has(error.name) || error.message.includes('(Service:')) return undefined
  const which = profile === undefined ? 'The AWS credentials' : `The AWS credentials of profile ${profile}`
  return new DatapipeError('INVALID_CREDENTIALS', `${which} are not valid (${error.name}).`, {
    cause: error,
    suggestions: [
      'Check that the access key exists and is active, and that key, secret and session token belong together.',
      'See which credentials are used with `aws sts get-caller-identity`.',
    ],
  })
}

function throttled(error: Error): DatapipeError | undefined {
  if (!isThrottling(error)) return undefined
  return new DatapipeError('THROTTLED', `AWS keeps refusing because of too many calls (${error.name}).`, {
    cause: error,
    suggestions: ['Wait a few minutes and run the same command again: it continues where this run stopped.'],
  })
}

const NETWORK = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EPROTO',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
])

function unreachable(error: Error, { endpoint }: TranslationContext): DatapipeError | undefined {
  const code = systemCode(error)
  const isTimeout = error.name === 'TimeoutError'
  if (!isTimeout && (code === undefined || !NETWORK.has(code))) return undefined
  const host = endpoint ?? hostOf(error)
  const isAws = host === undefined || host.includes('amazonaws.com')
  return new DatapipeError(
    'ENDPOINT_UNREACHABLE',
    `Cannot reach ${host ?? 'AWS'} (${code ?? 'no answer in time'}).`,
    {
      cause: error,
      suggestions: isAws
        ? ['Check the network, the proxy, and that the region exists.']
        : ['Check that it runs, and AWS_ENDPOINT_URL or `endpoint` in datapipe.yaml.'],
    },
  )
}

function serverFailed(error: Error): DatapipeError | undefined {
  const status = statusOf(error)
  if (status === undefined || status < 500) return undefined
  const name = SAYS_NOTHING.has(error.name) ? '' : `${error.name}, `
  return new DatapipeError('AWS_UNAVAILABLE', `AWS keeps failing at its own end (${name}HTTP ${status}).`, {
    cause: error,
    suggestions: [
      'Wait a few minutes and run the same command again: it continues where this run stopped.',
      'Whether AWS knows of it: https://health.aws.amazon.com/health/status',
    ],
  })
}

/** What the SDK calls an error whose answer has no body. */
const SAYS_NOTHING = new Set(['Unknown', 'UnknownError', 'BadRequest', '400', 'Error'])

/** The answer to HEAD has no body, so S3 cannot say that the session has ended, or that this is not its region. */
function withoutReason(error: Error): DatapipeError | undefined {
  if (statusOf(error) !== 400 || !SAYS_NOTHING.has(error.name)) return undefined
  return new DatapipeError('REFUSED_WITHOUT_REASON', 'S3 refused a request without saying why (HTTP 400).', {
    cause: error,
    suggestions: [
      'Most often the AWS login has expired: log in again, then run the same command again.',
      'Otherwise check that the region is the right one.',
    ],
  })
}

function statusOf(error: Error): number | undefined {
  return (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode
}

function diskFull(error: Error): DatapipeError | undefined {
  if (systemCode(error) !== 'ENOSPC') return undefined
  const file = 'path' in error && typeof error.path === 'string' ? `, writing ${error.path}` : ''
  return new DatapipeError('DISK_FULL', `The disk of this machine is full${file}.`, {
    cause: error,
    suggestions: ['Make room and run the same command again.'],
  })
}

function systemCode(error: Error): string | undefined {
  if ('code' in error && typeof error.code === 'string') return error.code
  // Node tries IPv6 and IPv4 and reports both failures.
  return error instanceof AggregateError ? firstError(error, systemCode) : undefined
}

function hostOf(error: Error): string | undefined {
  const port = 'port' in error && typeof error.port === 'number' ? `:${error.port}` : ''
  if ('hostname' in error && typeof error.hostname === 'string') return `${error.hostname}${port}`
  if ('address' in error && typeof error.address === 'string') return `${error.address}${port}`
  return error instanceof AggregateError ? firstError(error, hostOf) : undefined
}

function firstError<T>(aggregate: AggregateError, look: (error: Error) => T | undefined): T | undefined {
  const inner: unknown = aggregate.errors[0]
  return inner instanceof Error ? look(inner) : undefined
}

function withoutUndefined(context: TranslationContext): TranslationContext {
  return Object.fromEntries(Object.entries(context).filter(([, value]) => value !== undefined))
}
