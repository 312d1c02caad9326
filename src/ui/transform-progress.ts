import { basename } from 'node:path'
import type { Stage, TransformEvent } from '../transform/types.js'
import { harmless, fitted } from './display-width.js'
import { formatBytes, formatCount, formatDuration, formatElapsed } from './format.js'
import type { Reporter } from './reporter.js'

const DOING: Record<Stage, string> = {
  open: 'opening',
  prescan: 'counting rows',
  read: 'reading',
  checks: 'checking',
  rejects: 'collecting rejected rows',
  summary: 'summarizing',
  tables: 'making tables',
  write: 'writing',
  audit: 'auditing',
  publish: 'publishing',
}

/** Before that a rate is a guess. */
const FEWEST_MS = 1000
const REDRAW_MS = 250
const LONGEST_NAME = 32

type Progress = Extract<TransformEvent, { type: 'progress' }>

/** How far a transform of files is: the state behind the live line. */
export class TransformTally {
  #file = ''
  #stage: Stage | undefined
  #stageSince = 0
  #progress: Progress | undefined
  /** Where the statement or file that is counted now began. */
  #from = { at: 0, done: 0 }

  constructor(
    private readonly files: readonly string[],
    private readonly now: () => number = Date.now,
  ) {}

  add(file: string, event: TransformEvent): void {
    this.#file = file
    if (event.type === 'stage') {
      this.#stage = event.state === 'started' ? event.stage : undefined
      this.#stageSince = this.now()
      this.#progress = undefined
    }
    if (event.type !== 'progress') return
    const last = this.#progress
    if (last?.unit !== event.unit || event.done < last.done) this.#from = { at: this.now(), done: event.done }
    this.#progress = event
  }

  /** `[2/3] a.csv: reading 45 %, 12 s left, 1.2 GB of 2.6 GB, 120 MB/s`: what matters most comes first; '' between stages. */
  get line(): string {
    if (this.#stage === undefined) return ''
    const place = this.files.length > 1 ? `[${this.files.indexOf(this.#file) + 1}/${this.files.length}] ` : ''
    const name = fitted(harmless(basename(this.#file)), LONGEST_NAME)
    const details = this.#progress ? this.#details(this.#progress) : this.#elapsed()
    return `${place}${name}: ${DOING[this.#stage]}${details}`
  }

  #elapsed(): string {
    const ms = this.now() - this.#stageSince
    return ms < FEWEST_MS ? '' : ` [${formatElapsed(ms)}]`
  }

  #details({ done, total, unit }: Progress): string {
    const amount = (value: number) => (unit === 'bytes' ? formatBytes(value) : formatCount(Math.round(value)))
    const ms = this.now() - this.#from.at
    const rate = ((done - this.#from.done) * 1000) / ms
    const isMeasured = ms >= FEWEST_MS && rate > 0
    const speed = isMeasured ? [`${amount(rate)}${unit === 'bytes' ? '' : ` ${unit}`}/s`] : []
    // What a compressed file unpacks to is not known before.
    if (done > total)
      return ` ${[`${amount(done)}${unit === 'bytes' ? '' : ` ${unit}`}`, ...speed].join(', ')}`
    const share = total === 0 ? 100 : Math.floor((done * 100) / total)
    const left = isMeasured ? [`${formatDuration(((total - done) * 1000) / rate)} left`] : []
    const of = `${amount(done)} of ${amount(total)}${unit === 'bytes' ? '' : ` ${unit}`}`
    return ` ${[`${share} %`, ...left, of, ...speed].join(', ')}`
  }
}

/** Shows how far a transform is: in one live line on a terminal, elsewhere in a line per finished stage. */
export class TransformProgress {
  readonly #tally: TransformTally
  readonly #timer: NodeJS.Timeout | undefined

  constructor(
    private readonly reporter: Reporter,
    files: readonly string[],
  ) {
    this.#tally = new TransformTally(files)
    if (!reporter.isLive) return
    this.#timer = setInterval(() => this.#draw(), REDRAW_MS)
    this.#timer.unref()
  }

  readonly listener = (file: string, event: TransformEvent): void => {
    this.#tally.add(file, event)
    if (event.type !== 'stage') return
    if (this.reporter.isLive) this.#draw()
    else if (event.state === 'finished')
      this.reporter.info(`${file}: ${event.stage} (${formatDuration(event.durationMs ?? 0)})`)
  }

  end(): void {
    clearInterval(this.#timer)
    this.reporter.status('')
  }

  #draw(): void {
    const { line } = this.#tally
    // Between two stages the line would flicker.
    if (line !== '') this.reporter.status(line)
  }
}
