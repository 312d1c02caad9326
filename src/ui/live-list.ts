import { DefaultRenderer, Listr, ListrLogger, ProcessOutput, type ListrTask } from 'listr2'
import type { EngineEvent } from '../engine/events.js'
import { groupTitle, wholeTitle } from './live-titles.js'
import { Tally, type RunKind } from './tally.js'

/** A list taller than the screen cannot be redrawn in place, and nobody reads a longer one. */
const MAX_ROWS = 19
const MIN_ROWS = 3
const USUAL_SCREEN_ROWS = 24
const REST = 'others'
const SHOW_CURSOR = '\u001B[?25h'

/** listr2 looks at stdout to see whether there is a terminal. Ours is on stderr, and whoever makes the list has looked. */
class StderrRenderer extends DefaultRenderer {
  static override nonTTY = true
}

interface Row {
  tally: Tally
  setTitle: (title: string) => void
  finish: (failed: boolean) => void
}

/**
 * The live list of a run: one row for the whole and one per group of resources (the first part of their ids), so that
 * the list stays short however many resources there are.
 */
export class LiveList {
  readonly #kind: RunKind
  readonly #output: NodeJS.WriteStream
  readonly #whole = new Tally()
  readonly #rows: Row[]
  readonly #groups = new Map<string, Row>()
  readonly #run: Promise<unknown>
  readonly #refresh: NodeJS.Timeout
  #ended = false
  #note = ''

  /** @param kind a list of reads disappears when it ends, since the plan says the same in more detail */
  constructor(kind: RunKind, output: NodeJS.WriteStream = process.stderr) {
    this.#kind = kind
    this.#output = output
    // One line for the cursor, one for what stood above.
    const room = (output.rows || USUAL_SCREEN_ROWS) - 2
    const slots = Array.from({ length: Math.max(MIN_ROWS, Math.min(MAX_ROWS, room)) }, () => openRow())
    this.#rows = slots.map(({ row }) => row)
    const listr = new Listr<object, typeof StderrRenderer>(
      slots.map(({ task }) => task),
      {
        concurrent: true,
        exitOnError: false,
        // Otherwise listr2 ends the process itself on Ctrl-C, while cloud calls are under way.
        registerSignalListeners: false,
        renderer: StderrRenderer,
        rendererOptions: {
          clearOutput: kind === 'plan',
          formatOutput: 'truncate',
          showErrorMessage: false,
          logger: new ListrLogger({ useIcons: true, processOutput: new ProcessOutput(output, output) }),
        },
      },
    )
    this.#run = listr.run()
    this.#refresh = setInterval(() => this.#draw(), 1000)
    this.#refresh.unref()
    process.once('exit', this.#showCursor)
  }

  add(event: EngineEvent): void {
    this.#whole.add(event)
    if ('id' in event) this.#group(event.id).tally.add(event)
    this.#draw()
  }

  /** Stands in the first row from now on. */
  note(message: string): void {
    this.#note = message
    this.#draw()
  }

  /** Ends every row and waits until the list has been drawn for the last time. */
  async end(): Promise<void> {
    if (!this.#ended) {
      this.#ended = true
      clearInterval(this.#refresh)
      this.#draw()
      for (const row of this.#rows) row.finish(row.tally.count('failed') > 0)
    }
    await this.#run
    process.off('exit', this.#showCursor)
  }

  #group(id: string): Row {
    const name = id.split('/', 1)[0] ?? id
    const known = this.#groups.get(name) ?? this.#groups.get(REST)
    if (known !== undefined) return known
    // The first row is the whole; the last one takes all groups that find no room.
    const key = this.#groups.size === this.#rows.length - 2 ? REST : name
    const row = this.#rows[this.#groups.size + 1] ?? openRow().row
    row.tally.kind = this.#kind
    this.#groups.set(key, row)
    return row
  }

  #draw(): void {
    this.#rows[0]?.setTitle([wholeTitle(this.#whole), this.#note].filter(Boolean).join('. '))
    for (const [name, { setTitle, tally }] of this.#groups) setTitle(groupTitle(name, tally))
  }

  readonly #showCursor = () => {
    this.#output.write(SHOW_CURSOR)
  }
}

/**
 * A row is a listr2 task that ends when it is told to. listr2 takes its tasks before it runs and shows none that has no
 * title; so rows are made up front and appear when their group does.
 */
function openRow(): { row: Row; task: ListrTask<object, typeof StderrRenderer> } {
  let title = ''
  let show = (text: string): void => {
    title = text
  }
  let finish: Row['finish'] = () => undefined
  const ended = new Promise<void>((resolve, reject) => {
    finish = (failed) => {
      if (failed) reject(new Error('failed'))
      else resolve()
    }
  })
  // A row may fail before listr2 listens.
  ended.catch(() => undefined)
  const row: Row = {
    tally: new Tally(),
    setTitle: (text) => {
      show(text)
    },
    finish,
  }
  const task: ListrTask<object, typeof StderrRenderer> = {
    task: (_context, wrapper) => {
      show = (text) => {
        if (wrapper.title !== text) wrapper.title = text
      }
      if (title !== '') show(title)
      return ended
    },
  }
  return { row, task }
}
