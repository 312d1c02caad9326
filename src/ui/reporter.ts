import pc from 'picocolors'
import type { EngineListener } from '../engine/events.js'
import { isContinuousIntegration } from './continuous-integration.js'
import { EngineLines } from './engine-lines.js'
import { printable } from './printable.js'
import { renderTable, type Cell } from './table.js'
import { standardStreams, type Streams } from './streams.js'

export type Colors = ReturnType<typeof pc.createColors>

/** How a command talks to whoever started it. stdout carries data, stderr carries progress. */
export interface Reporter {
  readonly colors: Colors
  /** Data: what the command was asked for. Also under --quiet; under --json the document says it instead. */
  out(text: string): void
  /** Rows as data, aligned on a terminal and elsewhere. */
  table(columns: readonly string[], rows: readonly (readonly Cell[])[]): void
  /** Progress and advice, one line or several. Not under --quiet and --json. */
  info(text: string): void
  /** What is under way, in one line that takes the place of the one before; '' takes it away. Nowhere but on a terminal. */
  status(text: string): void
  /** Whether `status` is seen. */
  readonly isLive: boolean
  /** Something to look at although the command goes on. Not under --json, where it is in `warnings`. */
  warn(message: string): void
  /** Said at once, also under --quiet and while a list is on the screen: that the command is stopping. */
  urgent(message: string): void
  /** Shows what the engine does. Pass it to plan, apply and destroy. */
  readonly engine: EngineListener
  /** Ends what is on the screen and waits for it. Called by the base command. */
  close(): Promise<void>
}

export interface ReporterOptions {
  json: boolean
  quiet: boolean
  color: boolean
  streams?: Streams
  env?: NodeJS.ProcessEnv
}

/** The reporter for these flags and this terminal. */
export async function createReporter(options: ReporterOptions): Promise<Reporter> {
  const { color, env = process.env, json, quiet, streams = standardStreams() } = options
  if (json) return new SilentReporter()
  const colored = (terminal: boolean) => pc.createColors(color && terminal && wantsColor(env))
  if (quiet) return new QuietReporter(streams, colored(streams.outIsTerminal))
  if (streams.errIsTerminal && !isContinuousIntegration(env) && env.TERM !== 'dumb') {
    const { LiveReporter } = await import('./live-reporter.js')
    return new LiveReporter(streams, colored(true), colored(streams.outIsTerminal))
  }
  return new PlainReporter(streams, colored(streams.outIsTerminal))
}

function wantsColor(env: NodeJS.ProcessEnv): boolean {
  return (env.NO_COLOR ?? '') === ''
}

/** Says nothing: the JSON document says it all. */
class SilentReporter implements Reporter {
  readonly colors = pc.createColors(false)
  readonly engine: EngineListener = () => undefined
  out(): void {
    // In the document.
  }
  table(): void {
    // In the document.
  }
  info(): void {
    // Nobody reads it.
  }
  readonly isLive = false
  status(): void {
    // Nobody reads it.
  }
  warn(): void {
    // In the document.
  }
  urgent(): void {
    // Whoever sent the signal reads the document.
  }
  close(): Promise<void> {
    return Promise.resolve()
  }
}

/** Results, warnings and failures only. */
export class QuietReporter implements Reporter {
  constructor(
    protected readonly streams: Streams,
    readonly colors: Colors,
  ) {}

  get engine(): EngineListener {
    return () => undefined
  }

  out(text: string): void {
    // Elsewhere it is data, which stays as it is.
    this.streams.out(`${this.streams.outIsTerminal ? printable(text) : text}\n`)
  }

  table(columns: readonly string[], rows: readonly (readonly Cell[])[]): void {
    this.out(renderTable(columns, rows))
  }

  info(_text: string): void {
    // Not wanted.
  }

  readonly isLive: boolean = false

  status(_text: string): void {
    // A log has no line to write over.
  }

  warn(message: string): void {
    this.streams.err(`Warning: ${printable(message)}\n`)
  }

  urgent(message: string): void {
    this.streams.err(`${message}\n`)
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}

/** One line per thing that happens: for logs, CI and pipes. */
export class PlainReporter extends QuietReporter {
  readonly #lines = new EngineLines((line) => this.info(line))

  override get engine(): EngineListener {
    return this.#lines.listener
  }

  override info(text: string): void {
    this.streams.err(`${printable(text)}\n`)
  }

  override close(): Promise<void> {
    this.#lines.stop()
    return Promise.resolve()
  }
}
