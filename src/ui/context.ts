import type { AwsContext } from '../aws/context.js'
import type { ConfigFile, Environment } from '../config/schema.js'
import { loadConfig, type LoadedConfig } from '../config/load.js'
import { resolveEnvironment } from '../config/environments.js'
import { unlessInterrupted } from '../engine/wait.js'
import { ask, canAsk } from './confirm.js'
import type { Reporter } from './reporter.js'

export interface ContextOptions {
  env: string
  configPath?: string
  cwd: string
  profile?: string
  region?: string
  allowInsecureEndpoint?: boolean
  reporter: Reporter
  signal: AbortSignal
  /** Called for each warning, which ends up in the JSON document too. */
  onWarning: (message: string) => void
}

/** What a command works with. Everything that costs time or can fail is done on first use. */
export class CommandContext {
  readonly env: string
  readonly cwd: string
  readonly reporter: Reporter
  /** Aborted by the first Ctrl-C or SIGTERM, or when the terminal is closed. */
  readonly signal: AbortSignal
  readonly #options: ContextOptions
  #loaded: LoadedConfig | undefined
  #environment: Environment | undefined
  #aws: Promise<AwsContext> | undefined

  constructor(options: ContextOptions) {
    this.#options = options
    this.env = options.env
    this.cwd = options.cwd
    this.reporter = options.reporter
    this.signal = options.signal
  }

  /** datapipe.yaml, checked. @throws UsageError CONFIG_NOT_FOUND, CONFIG_SYNTAX, CONFIG_UNKNOWN_KEY, CONFIG_INVALID */
  get config(): ConfigFile {
    return this.#load().file
  }

  /** Where datapipe.yaml was found; undefined when there is none and everything is default. */
  get configPath(): string | undefined {
    return this.#load().path
  }

  /** The environment of --env. @throws UsageError as `config`, and UNKNOWN_ENVIRONMENT */
  get environment(): Environment {
    const { profile, region } = this.#options
    this.#environment ??= resolveEnvironment(this.config, this.env, { profile, region })
    return this.#environment
  }

  /**
   * Connected to AWS, the account checked; once per command.
   * @throws DatapipeError LOCAL_NOT_RUNNING, NO_REGION, WRONG_ACCOUNT, or a translated credential or network error
   */
  aws(): Promise<AwsContext> {
    this.#aws ??= unlessInterrupted(this.#connect(), this.signal)
    return this.#aws
  }

  /** Says it now on stderr, and in `warnings` of the JSON document. */
  warn(message: string): void {
    this.#options.onWarning(message)
    this.reporter.warn(message)
  }

  /** Closes connections so that the process can end. */
  async close(): Promise<void> {
    const aws = await this.#aws?.catch(() => undefined)
    aws?.clients.destroy()
    await this.reporter.close()
  }

  #load(): LoadedConfig {
    const { configPath, cwd } = this.#options
    this.#loaded ??= loadConfig({ configPath, cwd })
    return this.#loaded
  }

  async #connect(): Promise<AwsContext> {
    const { environment } = this
    const { connect } = await import('../aws/connect.js')
    const stop = this.signal
    if (environment.endpoint !== 'embedded') {
      const { allowInsecureEndpoint } = this.#options
      const aws = await connect(environment, { mfaCode: this.#mfaCode(), stop, allowInsecureEndpoint })
      const { endpoint } = aws.clients
      if (endpoint !== undefined) this.reporter.info(`AWS is asked at ${endpoint}.`)
      return aws
    }
    const { requireEmbedded } = await import('../local/endpoint.js')
    return connect(environment, { endpoint: await requireEmbedded(), stop })
  }

  #mfaCode(): ((serial: string) => Promise<string>) | undefined {
    if (!canAsk()) return undefined
    return (serial) => ask(`One-time code of ${serial}: `, this.signal)
  }
}
