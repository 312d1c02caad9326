import { DatapipeError, InterruptedError, messageOf, UsageError } from '../../errors.js'
import { rememberSecret } from '../../secrets.js'

export interface KeyRequest {
  /** Name or address of the agent, with a port where a tunnel needs one. */
  address: string
  region: string
  /** The address of a VPC endpoint, for an agent that must not use the internet. */
  privateLinkEndpoint?: string
  signal: AbortSignal
  timeoutMs?: number
}

const ADDRESS = /^[a-zA-Z0-9.-]+(:\d{1,5})?$/
const KEY = /^[A-Z0-9]{5}(-[A-Z0-9]{5}){4}$/
const TIMEOUT_MS = 30_000
/** Longer answers are no key. */
const LONGEST_ANSWER = 4096

/**
 * Asks the agent for its activation key, over plain HTTP as AWS made it: the only time that its port 80 is used. The key is
 * a secret, works once and for about half an hour, so it is handed on and never shown.
 * @throws UsageError INVALID_AGENT_ADDRESS; DatapipeError DATASYNC_AGENT_UNREACHABLE, DATASYNC_AGENT_CANNOT_REACH_AWS,
 *   DATASYNC_NO_ACTIVATION_KEY; InterruptedError
 */
export async function fetchActivationKey(request: KeyRequest): Promise<string> {
  const { address, signal, timeoutMs = TIMEOUT_MS } = request
  const url = activationUrl(request)
  let response: Response
  let body: string
  try {
    response = await fetch(url, {
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    })
    body = (await response.text()).slice(0, LONGEST_ANSWER).trim()
  } catch (error) {
    if (signal.aborted) throw new InterruptedError()
    throw unreachable(address, error, timeoutMs)
  }
  const redirect = redirectParameters(response, url)
  const key = redirect?.get('activationKey') ?? body
  if (KEY.test(key)) {
    rememberSecret(key)
    return key
  }
  const reason = redirect?.get('errorType')
  throw reason === null || reason === undefined
    ? noKey(address, response.status)
    : cannotReachAws(address, reason, request)
}

/** @throws UsageError INVALID_AGENT_ADDRESS */
function activationUrl({ address, privateLinkEndpoint, region }: KeyRequest): URL {
  if (!ADDRESS.test(address)) {
    throw new UsageError('INVALID_AGENT_ADDRESS', `"${address}" is no host name or IPv4 address.`, {
      suggestions: ['Give the address that the console of the virtual machine shows, such as 192.168.1.20.'],
    })
  }
  const url = new URL(`http://${address}/`)
  url.searchParams.set('gatewayType', 'SYNC')
  url.searchParams.set('activationRegion', region)
  if (privateLinkEndpoint !== undefined) {
    url.searchParams.set('endpointType', 'PRIVATE_LINK')
    url.searchParams.set('privateLinkEndpoint', privateLinkEndpoint)
  }
  // The agent looks for the bare word.
  url.search = `${url.search}&no_redirect`
  return url
}

/** Older agents answer with a redirect to the console, the key or an error in its address. */
function redirectParameters(response: Response, base: URL): URLSearchParams | undefined {
  const location = response.headers.get('location')
  if (location === null) return undefined
  try {
    return new URL(location, base).searchParams
  } catch {
    return undefined
  }
}

const CONNECTION: Record<string, [what: string, next: string]> = {
  ECONNREFUSED: [
    'it refuses connections on port 80',
    'An agent closes its port once it is activated: if it was, use it with `datasync.agent` in datapipe.yaml, or delete it in DataSync and restart the virtual machine.',
  ],
  ENOTFOUND: ['its name is unknown', 'Give the address that the console of the virtual machine shows.'],
  EAI_AGAIN: ['its name is unknown', 'Give the address that the console of the virtual machine shows.'],
  EHOSTUNREACH: ['there is no route to it', 'Run this command on a machine in the network of the agent.'],
  ENETUNREACH: ['there is no route to it', 'Run this command on a machine in the network of the agent.'],
  ECONNRESET: [
    'it closed the connection',
    'Wait a minute: a virtual machine that has just started is not ready yet.',
  ],
}

function unreachable(address: string, error: unknown, timeoutMs: number): DatapipeError {
  const code = causeCode(error)
  const timedOut = error instanceof Error && error.name === 'TimeoutError'
  const [what, next] = CONNECTION[code ?? ''] ?? [
    timedOut || code?.includes('TIMEOUT') === true || code === 'ETIMEDOUT'
      ? `it does not answer within ${timeoutMs / 1000} s`
      : `of a connection error (${code ?? messageOf(error)})`,
    'Check the address, that the virtual machine runs, and that the firewall lets this machine reach its port 80.',
  ]
  return new DatapipeError('DATASYNC_AGENT_UNREACHABLE', `Cannot reach the agent at ${address}: ${what}.`, {
    cause: error,
    suggestions: [next, `Test it with: nc -vz ${address.replace(/:.*$/, '')} 80`],
  })
}

/** fetch hides the reason in its cause, and behind that in a list with one entry per address it tried. */
function causeCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  if ('code' in error && typeof error.code === 'string') return error.code
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error.cause
  return causeCode(first)
}

function cannotReachAws(address: string, reason: string, request: KeyRequest): DatapipeError {
  const endpoint =
    request.privateLinkEndpoint === undefined
      ? `*.datasync.${request.region}.amazonaws.com on port 443`
      : `the VPC endpoint ${request.privateLinkEndpoint} on ports 443 and 1024-1064`
  return new DatapipeError(
    'DATASYNC_AGENT_CANNOT_REACH_AWS',
    `The agent at ${address} runs but does not reach AWS (${reason.slice(0, 100)}).`,
    {
      suggestions: [
        `Let the agent reach ${endpoint}, and check its DNS and clock (NTP).`,
        'Its local console has "Test network connectivity".',
      ],
    },
  )
}

/** The answer is not quoted: a page of another program says nothing, and a key must not be seen. */
function noKey(address: string, status: number): DatapipeError {
  return new DatapipeError(
    'DATASYNC_NO_ACTIVATION_KEY',
    `What answers at ${address} gave no activation key (HTTP ${status}).`,
    {
      suggestions: [
        'Check that it is the DataSync agent and not another server, proxy or gateway.',
        'If the agent was activated before, delete it in DataSync and restart the virtual machine.',
      ],
    },
  )
}
