import { Command, Flags, type Interfaces } from '@oclif/core'
import { ExitCode } from '../errors.js'
import { installSignalHandlers } from '../engine/signals.js'
import { unlessInterrupted } from '../engine/wait.js'
import { CommandContext } from './context.js'
import { successDocument, type DocumentContext } from './document.js'
import { toFailure } from './failure.js'
import { redact } from './redact.js'
import { printDocument, reportFailure } from './report.js'
import { createReporter } from './reporter.js'
import { sayBeforeExit } from './streams.js'

export type { CommandContext } from './context.js'

/** What a command hands back when it did its work. A non-zero exit code is still `ok: true`: it did what was asked. */
export interface Outcome<R extends object> {
  result: R
  exitCode?: ExitCode
}

export type FlagsOf<C extends typeof Command> = Interfaces.InferredFlags<
  (typeof DatapipeCommand)['baseFlags'] & C['flags']
>
export type ArgsOf<C extends typeof Command> = Interfaces.InferredArgs<C['args']>

const COMMON = 'COMMON'
const STOPPING =
  'Stopping: what is under way is finished, nothing new is started. Press Ctrl-C again to leave at once.'
const LEFT =
  'Left at once. Run the same command again: it continues where this run stopped. From another machine that may have to wait a minute, until what this run had reserved expires.'

/**
 * The base of every command: common flags, one JSON document, exit codes that do not depend on `--json`, errors with
 * something to do next, signals. A command says what it does in `perform`:
 *
 * `class Up extends DatapipeCommand<UpResult, typeof Up> { static flags = {…}; protected async perform(context) {…} }`
 */
export abstract class DatapipeCommand<R extends object, C extends typeof Command> extends Command {
  static override enableJsonFlag = true

  static override baseFlags = {
    env: Flags.string({
      char: 'e',
      description: 'Environment to work on.',
      default: 'dev',
      env: 'DATAPIPE_ENV',
      helpGroup: COMMON,
      helpValue: 'NAME',
    }),
    config: Flags.string({
      char: 'c',
      description: 'Configuration file. [default: datapipe.yaml in this folder, if there is one]',
      helpGroup: COMMON,
      helpValue: 'FILE',
    }),
    profile: Flags.string({
      description: 'AWS profile, over the one of the environment and AWS_PROFILE.',
      helpGroup: COMMON,
      helpValue: 'NAME',
    }),
    region: Flags.string({
      description: 'AWS region, over the one of datapipe.yaml and AWS_REGION.',
      helpGroup: COMMON,
      helpValue: 'NAME',
    }),
    'allow-insecure-endpoint': Flags.boolean({
      description:
        'Send to an endpoint that is neither encrypted nor this machine. For emulators, never with real keys.',
      helpGroup: COMMON,
    }),
    quiet: Flags.boolean({
      char: 'q',
      description: 'No progress, only results and errors.',
      helpGroup: COMMON,
    }),
    debug: Flags.boolean({ description: 'Show where an error happened.', helpGroup: COMMON }),
    'no-color': Flags.boolean({ description: 'No colours. NO_COLOR does the same.', helpGroup: COMMON }),
  }

  /** It changes nothing, so it can be left at any moment: the first Ctrl-C ends it at once. */
  static readonly onlyReads: boolean = false

  protected flags!: FlagsOf<C>
  protected args!: ArgsOf<C>
  /** Everything after the flags, for commands with `strict = false`. */
  protected rest: string[] = []

  readonly #warnings: string[] = []
  #env: string | null = null
  #exitCode: ExitCode = ExitCode.ok

  /** Does the work, reports through `context.reporter`, and hands back what `--json` prints. */
  protected abstract perform(context: CommandContext): Promise<Outcome<R>>

  async run(): Promise<R> {
    await this.#readCommandLine()
    const reporter = await createReporter({
      json: this.jsonEnabled(),
      quiet: this.flags.quiet,
      color: !this.flags['no-color'],
    })
    const signals = installSignalHandlers({
      onFirst: () => reporter.urgent(STOPPING),
      onSecond: () => sayBeforeExit(LEFT),
    })
    const context = new CommandContext({
      env: this.flags.env,
      configPath: this.flags.config,
      cwd: process.cwd(),
      profile: this.flags.profile,
      region: this.flags.region,
      allowInsecureEndpoint: this.flags['allow-insecure-endpoint'],
      reporter,
      signal: signals.signal,
      onWarning: (message) => this.#warnings.push(redact(message)),
    })
    try {
      const { exitCode, result } = await this.#performed(context)
      this.#exitCode = exitCode ?? ExitCode.ok
      return result
    } finally {
      await context.close()
      signals.dispose()
    }
  }

  #performed(context: CommandContext): Promise<Outcome<R>> {
    const work = this.perform(context)
    const { onlyReads } = this.ctor as typeof DatapipeCommand
    return onlyReads ? unlessInterrupted(work, context.signal) : work
  }

  protected override async finally(error: Error | undefined): Promise<void> {
    if (error === undefined) process.exitCode = this.#exitCode
    await super.finally(error)
  }

  /** Reports a failure once, here, so that text and JSON, and the exit code of both, always agree. */
  protected override catch(error: Error): Promise<never> {
    const failure = toFailure(error, {
      command: this.#commandName,
      flagNames: Object.keys({ ...this.ctor.baseFlags, ...this.ctor.flags, json: true }),
      profile: this.parsed ? this.flags.profile : undefined,
    })
    const { debug, document } = this.#reporting
    return Promise.reject(reportFailure(failure, { json: this.jsonEnabled(), debug, document }))
  }

  protected override toSuccessJson(result: unknown): unknown {
    return successDocument(this.#reporting.document, result as R)
  }

  protected override logJson(json: unknown): void {
    printDocument(json)
  }

  override warn(input: Error | string): Error | string {
    const message = typeof input === 'string' ? input : input.message
    this.#warnings.push(redact(message))
    return super.warn(input)
  }

  async #readCommandLine(): Promise<void> {
    const parsed = await this.parse({
      flags: this.ctor.flags,
      baseFlags: (super.ctor as typeof DatapipeCommand).baseFlags,
      enableJsonFlag: this.ctor.enableJsonFlag,
      args: this.ctor.args,
      strict: this.ctor.strict,
    })
    this.flags = parsed.flags as FlagsOf<C>
    this.args = parsed.args as ArgsOf<C>
    this.rest = parsed.argv as string[]
    this.#env = this.flags.env
  }

  get #commandName(): string {
    return (this.id ?? '').replaceAll(':', ' ')
  }

  get #reporting(): { document: DocumentContext; debug: boolean } {
    return {
      document: { command: this.#commandName, env: this.#env, warnings: this.#warnings },
      // Also when the command line could not be read.
      debug: this.argv.includes('--debug'),
    }
  }
}
