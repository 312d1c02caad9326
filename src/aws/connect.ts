import type { AwsCredentialIdentity, AwsCredentialIdentityProvider } from '@aws-sdk/types'
import type { Environment } from '../config/schema.js'
import { DatapipeError, UsageError } from '../errors.js'
import { AwsClients } from './clients.js'
import { configuredEndpoints } from './configured-endpoints.js'
import { AwsContext } from './context.js'
import { credentialChain, EMBEDDED_CREDENTIALS } from './credentials.js'
import { requireSafeEndpoint, requireVerifiedTls } from './endpoint-safety.js'
import { translateAwsError } from './errors.js'
import { Names } from './names.js'

export interface ConnectOptions {
  /** Address of the embedded AWS, for an environment that runs on it. */
  endpoint?: string
  /** Cloud calls under way at once. */
  concurrency?: number
  /** Asks for the one-time code of an MFA device; left out where nobody can be asked. */
  mfaCode?: (serial: string) => Promise<string>
  /** Aborted when the command is asked to stop. */
  stop?: AbortSignal
  /** Send to endpoints that are neither encrypted nor this machine, and to whoever has any certificate. */
  allowInsecureEndpoint?: boolean
  env?: NodeJS.ProcessEnv
}

/** Where the embedded AWS runs when nobody says so: a place to name, since it has none. */
const EMBEDDED_REGION = 'eu-north-1'

/**
 * Finds region and credentials, asks AWS who we are, and refuses to go on in any account but the pinned one. Nothing is
 * changed. Region: --region, then datapipe.yaml, AWS_REGION, AWS_DEFAULT_REGION, and the region of the profile.
 * @throws UsageError NO_REGION, WRONG_ACCOUNT, NO_CREDENTIALS, INVALID_ENDPOINT, INSECURE_ENDPOINT, TLS_NOT_VERIFIED;
 *   DatapipeError as `translateAwsError`
 */
export async function connect(environment: Environment, options: ConnectOptions = {}): Promise<AwsContext> {
  const { env = process.env } = options
  const embedded = environment.endpoint === 'embedded'
  const endpoint = endpointOf(environment, options, env)
  const { allowInsecureEndpoint = false } = options
  if (!embedded) await requireSafety(environment, endpoint, allowInsecureEndpoint, env)
  const region = await regionOf(environment, embedded, env)
  const credentials = embedded
    ? EMBEDDED_CREDENTIALS
    : await credentialChain({
        profile: environment.profile,
        mfaCode: options.mfaCode,
        allowInsecureEndpoint,
      })
  const { concurrency, stop } = options
  const clients = new AwsClients({
    region,
    endpoint,
    credentials,
    concurrency,
    stop,
    allowInsecureEndpoint,
  })
  const account = await callerAccount({ region, endpoint, credentials, profile: environment.profile })
  clients.apiCalls++
  checkAccount(environment, account)
  const names = new Names({
    project: environment.project,
    env: environment.name,
    account,
    region,
    bucketNamespace: environment.bucketNamespace,
  })
  return new AwsContext({ clients, names, emulated: endpoint !== undefined })
}

function endpointOf(
  environment: Environment,
  options: ConnectOptions,
  env: NodeJS.ProcessEnv,
): string | undefined {
  if (environment.endpoint !== 'embedded') {
    const ignored = env.AWS_IGNORE_CONFIGURED_ENDPOINT_URLS === 'true'
    return environment.endpoint ?? options.endpoint ?? (ignored ? undefined : nonEmpty(env.AWS_ENDPOINT_URL))
  }
  if (options.endpoint !== undefined) return options.endpoint
  throw new DatapipeError(
    'LOCAL_NOT_RUNNING',
    `Environment ${environment.name} runs on the embedded AWS, which is not running.`,
    {
      suggestions: ['Start it with `datapipe local start`.'],
    },
  )
}

/** Before anything is sent, as a request that is refused in the middle would leave half of the work done. */
async function requireSafety(
  { endpoint: configured, name, profile }: Environment,
  endpoint: string | undefined,
  allowInsecure: boolean,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  if (configured !== undefined) {
    requireSafeEndpoint({ url: configured, from: `endpoint of environment ${name}` }, allowInsecure)
  }
  const isOnlyLogin = endpoint !== undefined
  for (const other of await configuredEndpoints({ env, profile, isOnlyLogin })) {
    requireSafeEndpoint(other, allowInsecure)
  }
  if (!allowInsecure) requireVerifiedTls(endpoint, env)
}

async function regionOf(
  environment: Environment,
  embedded: boolean,
  env: NodeJS.ProcessEnv,
): Promise<string> {
  if (environment.region !== undefined) return environment.region
  if (embedded) return EMBEDDED_REGION
  const region =
    nonEmpty(env.AWS_REGION) ?? nonEmpty(env.AWS_DEFAULT_REGION) ?? (await profileRegion(environment.profile))
  if (region !== undefined) return region
  throw new UsageError('NO_REGION', 'No AWS region is set.', {
    suggestions: [
      'Write `region: eu-north-1` (or another) in datapipe.yaml, so that everybody uses the same one.',
      'Or give it with --region, AWS_REGION, or the `region` of your AWS profile.',
    ],
  })
}

/** The SDK reads the profile, so that all its rules about files and sections hold. */
async function profileRegion(profile: string | undefined): Promise<string | undefined> {
  const { STSClient } = await import('@aws-sdk/client-sts')
  const client = new STSClient(profile === undefined ? {} : { profile })
  try {
    return await client.config.region()
  } catch {
    // It has no other way of saying that there is none.
    return undefined
  } finally {
    client.destroy()
  }
}

interface Caller {
  region: string
  endpoint: string | undefined
  credentials: AwsCredentialIdentity | AwsCredentialIdentityProvider
  profile: string | undefined
}

/** With fewer attempts and shorter patience than later calls: whoever mistyped an address wants to know now. */
async function callerAccount({ credentials, endpoint, profile, region }: Caller): Promise<string> {
  const { GetCallerIdentityCommand, STSClient } = await import('@aws-sdk/client-sts')
  const client = new STSClient({
    region,
    credentials,
    ...(endpoint === undefined ? {} : { endpoint }),
    maxAttempts: 3,
    requestHandler: { connectionTimeout: 5000, requestTimeout: 15_000 },
  })
  try {
    const { Account } = await client.send(new GetCallerIdentityCommand({}))
    if (Account !== undefined) return Account
    throw new DatapipeError('NO_ACCOUNT', 'AWS did not say which account these credentials belong to.')
  } catch (error) {
    throw translateAwsError(error, { profile, endpoint }) ?? error
  } finally {
    client.destroy()
  }
}

function checkAccount({ account: pinned, name }: Environment, account: string): void {
  if (pinned === undefined || pinned === account) return
  throw new UsageError(
    'WRONG_ACCOUNT',
    `Environment ${name} belongs to account ${pinned}, but these credentials are for account ${account}. Nothing was touched.`,
    {
      suggestions: [
        `Use a profile of account ${pinned}, with --profile or AWS_PROFILE, or choose another --env.`,
      ],
    },
  )
}

function nonEmpty(value: string | undefined): string | undefined {
  return value === '' ? undefined : value
}
