import pLimit from 'p-limit'
import type { AwsCredentialIdentity, AwsCredentialIdentityProvider } from '@aws-sdk/types'
import { requireSafeRequest } from './endpoint-safety.js'
import { StoppableCall } from './stopping.js'

/** Configuration that every client of datapipe gets, and nothing else: one place for retries, endpoints and checksums. */
export interface ClientConfig {
  region: string
  endpoint?: string
  credentials?: AwsCredentialIdentity | AwsCredentialIdentityProvider
  maxAttempts: number
  retryMode: 'adaptive' | 'standard'
  forcePathStyle?: boolean
  followRegionRedirects?: boolean
  requestChecksumCalculation?: 'WHEN_REQUIRED' | 'WHEN_SUPPORTED'
}

export interface ApiCall {
  service: string
  operation: string
  /** The parameters, as the SDK got them. */
  input: unknown
}

type Step = 'initialize' | 'finalizeRequest'

interface Client {
  destroy(): void
  middlewareStack: {
    add(middleware: Middleware, options: { step: Step; priority: 'high' | 'low'; name: string }): void
  }
}

type Next = (args: { input?: unknown; request?: unknown }) => Promise<object>
type Middleware = (next: Next, context: { clientName?: string; commandName?: string }) => Next

export interface AwsClientsOptions {
  region: string
  endpoint?: string
  credentials?: AwsCredentialIdentity | AwsCredentialIdentityProvider
  /** Cloud calls under way at once; what waits between calls (back-off, polling) takes no place. */
  concurrency?: number
  /** Aborted: the command is asked to stop, and no call goes on for long (see `StoppableCall`). */
  stop?: AbortSignal
  /** Send also to endpoints that are neither encrypted nor this machine. */
  allowInsecureEndpoint?: boolean
}

/** Makes and keeps one client per service, so that every call is counted, bounded and retried the same way. */
export class AwsClients {
  readonly #clients = new Map<unknown, Client>()
  readonly #limit
  readonly #options: AwsClientsOptions
  /** Calls sent so far, each attempt counted. */
  apiCalls = 0
  /** Called before each attempt, for recording what a role's code calls. */
  onCall: ((call: ApiCall) => void) | undefined
  /** Awaited right before each attempt is sent; what it throws ends the call. */
  guard: ((call: ApiCall) => Promise<void>) | undefined
  readonly #asides: AwsClients[] = []

  constructor(options: AwsClientsOptions) {
    this.#options = options
    this.#limit = pLimit(options.concurrency ?? 16)
  }

  get endpoint(): string | undefined {
    return this.#options.endpoint
  }

  get region(): string {
    return this.#options.region
  }

  /** The client of a service, for example `clients.of(S3Client)`. The class is passed in so that commands load only the SDKs they use. */
  of<C extends { destroy(): void }>(constructor: new (config: ClientConfig) => C): C {
    const known = this.#clients.get(constructor)
    if (known !== undefined) return known as unknown as C
    const client = new constructor(this.#config())
    this.#instrument(client as unknown as Client)
    this.#clients.set(constructor, client as unknown as Client)
    return client
  }

  /** For calls that must wait neither for a place among the others nor for the guard. Counted and closed with these. */
  aside(): AwsClients {
    const aside = new AwsClients(this.#options)
    aside.onCall = (call) => {
      this.apiCalls++
      this.onCall?.(call)
    }
    this.#asides.push(aside)
    return aside
  }

  /** Closes idle connections, so that the process can end at once. */
  destroy(): void {
    for (const aside of this.#asides) aside.destroy()
    for (const client of this.#clients.values()) client.destroy()
    this.#clients.clear()
  }

  #config(): ClientConfig {
    const { credentials, endpoint, region } = this.#options
    return {
      region,
      maxAttempts: 8,
      retryMode: 'adaptive',
      followRegionRedirects: true,
      ...(credentials === undefined ? {} : { credentials }),
      ...(endpoint === undefined
        ? {}
        : { endpoint, forcePathStyle: true, requestChecksumCalculation: 'WHEN_REQUIRED' }),
    }
  }

  #instrument(client: Client): void {
    const { stop } = this.#options
    const calls = new WeakMap<object, StoppableCall>()
    if (stop !== undefined) {
      client.middlewareStack.add(
        (next, context) => (args) => {
          const call = new StoppableCall(stop)
          calls.set(context, call)
          return call.run(() => next(args))
        },
        // Around everything that waits: credentials, the rate limit of the SDK, and its retries.
        { step: 'initialize', priority: 'high', name: 'datapipeStop' },
      )
    }
    client.middlewareStack.add(
      (next, context) => (args) => {
        const send = async () => {
          const call = {
            service: (context.clientName ?? '').replace(/Client$/, ''),
            operation: (context.commandName ?? '').replace(/Command$/, ''),
            input: args.input,
          }
          requireSafeRequest(args.request, this.#options.allowInsecureEndpoint === true)
          await this.guard?.(call)
          this.apiCalls++
          this.onCall?.(call)
          return next(args)
        }
        return this.#limit(() => calls.get(context)?.attempt(send) ?? send())
      },
      // After the retry middleware, so that an attempt holds a place and the wait between attempts does not.
      { step: 'finalizeRequest', priority: 'low', name: 'datapipeCalls' },
    )
  }
}
