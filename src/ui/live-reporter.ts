import type { EngineListener } from '../engine/events.js'
import { LiveLine } from './live-line.js'
import { LiveList } from './live-list.js'
import { printable } from './printable.js'
import { QuietReporter, type Colors } from './reporter.js'
import type { Streams } from './streams.js'
import type { Cell } from './table.js'

/** For a person at a terminal: a live list while the engine works, text before and after it. */
export class LiveReporter extends QuietReporter {
  readonly #errColors: Colors
  readonly #line: LiveLine
  #list: LiveList | undefined
  /** Text that would tear the list apart waits until it has ended. */
  #held: (() => void)[] = []
  #ended: Promise<void> = Promise.resolve()

  constructor(streams: Streams, errColors: Colors, outColors: Colors) {
    super(streams, outColors)
    this.#errColors = errColors
    this.#line = new LiveLine((text) => streams.err(text))
  }

  override get engine(): EngineListener {
    return (event) => {
      if (event.type === 'run.started') {
        this.#line.set('')
        this.#list ??= new LiveList(event.kind)
      }
      this.#list?.add(event)
      if (event.type === 'run.finished') void this.#end()
    }
  }

  override out(text: string): void {
    this.#whenQuiet(() => super.out(text))
  }

  override table(columns: readonly string[], rows: readonly (readonly Cell[])[]): void {
    this.#whenQuiet(() => super.table(columns, rows))
  }

  override info(text: string): void {
    this.#whenQuiet(() => this.streams.err(`${printable(text)}\n`))
  }

  override warn(message: string): void {
    this.#whenQuiet(() => this.streams.err(`${this.#errColors.yellow('Warning:')} ${printable(message)}\n`))
  }

  override readonly isLive = true

  override status(text: string): void {
    // The list says it in its own rows.
    if (this.#list === undefined) this.#line.set(printable(text))
  }

  override urgent(message: string): void {
    if (this.#list === undefined) this.#line.above(() => super.urgent(message))
    else this.#list.note(message)
  }

  override close(): Promise<void> {
    this.#line.set('')
    return this.#end()
  }

  async #end(): Promise<void> {
    const list = this.#list
    if (list === undefined) return this.#ended
    this.#ended = list.end().then(() => {
      this.#list = undefined
      for (const say of this.#held.splice(0)) say()
    })
    return this.#ended
  }

  #whenQuiet(say: () => void): void {
    if (this.#list === undefined) this.#line.above(say)
    else this.#held.push(say)
  }
}
