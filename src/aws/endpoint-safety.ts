import { UsageError } from '../errors.js'

/** An address that AWS is to be reached at instead of its own, and where it was found. */
export interface ConfiguredEndpoint {
  url: string
  /** In words, for messages: `AWS_ENDPOINT_URL_S3`, `endpoint of environment dev`. */
  from: string
}

const THIS_MACHINE = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/

/**
 * Whether a host is this machine by its very name. A name that only resolves to it does not count: a resolver can be made to
 * say something else between the look and the call.
 * @param hostname as `URL` writes it
 */
export function isThisMachine(hostname: string): boolean {
  return THIS_MACHINE.test(hostname)
}

/**
 * Refuses an endpoint to which requests would go readable over a network, and what is no endpoint.
 * @throws UsageError INVALID_ENDPOINT, INSECURE_ENDPOINT
 */
export function requireSafeEndpoint({ from, url }: ConfiguredEndpoint, allowInsecure: boolean): void {
  const parsed = parse(url)
  if (parsed === undefined) {
    throw new UsageError('INVALID_ENDPOINT', `The endpoint in ${from} is no address with http or https.`, {
      suggestions: ['Write it like https://host or http://127.0.0.1:4566.'],
    })
  }
  if (parsed.username !== '' || parsed.password !== '') {
    throw new UsageError(
      'INVALID_ENDPOINT',
      `The endpoint in ${from} contains a user name or password, which AWS clients do not use.`,
      { suggestions: ['Take out what stands before the @.'] },
    )
  }
  if (!allowInsecure && isReadable(parsed)) throw insecure(parsed.origin, from)
}

interface HttpRequest {
  protocol: string
  hostname: string
}

/**
 * The last look before a request leaves, wherever its address came from: configuration, a redirect, the SDK itself.
 * @throws UsageError INSECURE_ENDPOINT
 */
export function requireSafeRequest(request: unknown, allowInsecure: boolean): void {
  if (allowInsecure || !isHttpRequest(request)) return
  const { hostname, protocol } = request
  // The SDK writes IPv6 addresses without brackets in some places.
  const host = hostname === '::1' ? '[::1]' : hostname
  if (isReadable({ protocol, hostname: host })) throw insecure(`${protocol}//${host}`, undefined)
}

/** @throws UsageError TLS_NOT_VERIFIED when Node was told to believe every certificate, and something goes over a network */
export function requireVerifiedTls(endpoint: string | undefined, env: NodeJS.ProcessEnv): void {
  if (env.NODE_TLS_REJECT_UNAUTHORIZED !== '0') return
  const url = endpoint === undefined ? undefined : parse(endpoint)
  if (url !== undefined && isThisMachine(url.hostname)) return
  throw new UsageError(
    'TLS_NOT_VERIFIED',
    'NODE_TLS_REJECT_UNAUTHORIZED=0 lets anybody on the way pretend to be AWS. Nothing was sent.',
    {
      suggestions: [
        'Unset it. Behind a proxy with a certificate of its own, name that: NODE_EXTRA_CA_CERTS=/path/to/ca.pem.',
        'For an emulator in a network that you trust, with test credentials: --allow-insecure-endpoint.',
      ],
    },
  )
}

function isReadable({ hostname, protocol }: HttpRequest): boolean {
  return protocol !== 'https:' && !isThisMachine(hostname)
}

function isHttpRequest(request: unknown): request is HttpRequest {
  const { hostname, protocol } = (request ?? {}) as Partial<HttpRequest>
  return typeof hostname === 'string' && typeof protocol === 'string'
}

function parse(url: string): URL | undefined {
  try {
    const parsed = new URL(url)
    return parsed.protocol === 'http:' || parsed.protocol === 'https:' ? parsed : undefined
  } catch {
    return undefined
  }
}

function insecure(address: string, from: string | undefined): UsageError {
  const where = from === undefined ? '' : ` (${from})`
  return new UsageError(
    'INSECURE_ENDPOINT',
    `${address}${where} is neither encrypted nor this machine: whoever is on the way could read what is sent, and take over your session. Nothing was sent there.`,
    {
      suggestions: [
        'Use https, or an address of this machine: localhost, 127.0.0.1 or [::1].',
        'For an emulator in a network that you trust, with test credentials: --allow-insecure-endpoint.',
      ],
    },
  )
}
