import type { EngineEvent, EngineListener } from '../engine/events.js'
import type { Action, Deletion } from '../engine/resource.js'
import { messageOf } from '../errors.js'
import { formatDuration, formatElapsed, plural, typeWords } from './format.js'
import { changeNames } from './plan.js'
import { Tally, type InFlight } from './tally.js'

const SAY_EVERY_MS = 10_000
/** The engine's reason for what a stopping run leaves out. */
const INTERRUPTED = 'interrupted'

const STARTS = { plan: 'Reading', apply: 'Working on', destroy: 'Removing' } as const
const DOING = { plan: 'reading', apply: 'working on', destroy: 'deleting' } as const

const DONE: Record<Exclude<Action, 'unchanged'>, string> = {
  create: '+ created',
  update: '~ updated',
  replace: '-/+ replaced',
  delete: '- deleted',
}

/** Engine events as lines of text. What did not change is not worth a line; what takes long is, every ten seconds. */
export class EngineLines {
  readonly #write: (line: string) => void
  readonly #tally: Tally
  #timer: NodeJS.Timeout | undefined
  #interrupted = 0

  constructor(write: (line: string) => void, now: () => number = Date.now) {
    this.#write = write
    this.#tally = new Tally(now)
  }

  readonly listener: EngineListener = (event) => {
    this.#tally.add(event)
    const text = this.#text(event)
    if (text !== undefined) this.#write(text)
    if (event.type === 'run.started') this.#start()
    if (event.type === 'run.finished') this.stop()
  }

  /** Says what is still under way, if nothing was said about it for ten seconds. */
  tick(): void {
    for (const resource of this.#tally.quietFor(SAY_EVERY_MS)) this.#write(this.#still(resource))
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #start(): void {
    this.stop()
    this.#timer = setInterval(() => this.tick(), 1000)
    this.#timer.unref()
  }

  #still(resource: InFlight): string {
    const { id, message, resourceType } = resource
    const elapsed = formatElapsed(this.#tally.elapsed(resource))
    const doing = message ?? `still ${DOING[this.#tally.kind]} ${typeWords(resourceType)}`
    return `… ${id}: ${doing} [${elapsed}]`
  }

  #text(event: EngineEvent): string | undefined {
    switch (event.type) {
      case 'run.started':
        return `${STARTS[event.kind]} ${plural(event.total, 'resource')}`
      case 'resource.started':
        return undefined
      case 'resource.waiting':
        return `… ${event.id}: ${event.message} [${formatElapsed(event.elapsedMs)}]`
      case 'resource.finished': {
        if (event.action === 'unchanged' || this.#tally.kind === 'plan') return undefined
        const names = event.action === 'create' ? '' : changeNames(event.changes)
        return `${DONE[event.action]} ${event.id}${names} (${formatDuration(event.elapsedMs)})`
      }
      case 'resource.deleted':
        return deletionLine(event.id, event.deletion, event.elapsedMs)
      case 'resource.failed':
        return `! failed ${event.id}: ${firstLine(messageOf(event.error))}`
      case 'resource.skipped':
        // Of a run that stops, one line for all of them.
        if (event.reason !== INTERRUPTED) return `  skipped ${event.id}: ${event.reason}`
        this.#interrupted++
        return undefined
      case 'run.finished': {
        const untouched = this.#interrupted
        this.#interrupted = 0
        return untouched === 0 ? undefined : `  ${plural(untouched, 'resource')} not finished: interrupted`
      }
    }
  }
}

function deletionLine(id: string, deletion: Deletion, elapsedMs: number): string | undefined {
  switch (deletion.status) {
    case 'deleted':
      return `- deleted ${id} (${formatDuration(elapsedMs)})`
    case 'absent':
      return undefined
    case 'scheduled':
      return `- ${id} will be gone on ${deletion.until.slice(0, 10)}: AWS keeps it until then, free of charge`
    case 'retained':
      return `  kept ${id}, with the data`
    case 'blocked':
      return `! ${id} is still there, held by ${deletion.by.join(', ')}`
  }
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? ''
}
