import type { Execution, StateEntered } from '../operate/orchestrator.js'
import { interpret, type InterpretOptions } from './asl/interpreter.js'
import type { StateMachine } from './asl/definition.js'
import { messageOf } from '../errors.js'
import { toExecution, type ExecutionRecord, type ExecutionStore } from './execution-store.js'

/** An execution that this process runs. It always ends, and its record says how. */
export class WorkerRun {
  readonly #stop = new AbortController()
  readonly #listeners = new Set<(entered: StateEntered) => void>()
  #saved: Promise<void> = Promise.resolve()

  constructor(
    readonly record: ExecutionRecord,
    readonly store: ExecutionStore,
  ) {}

  /** @throws what keeping the record met with, such as an emulator that is gone */
  async run(
    machine: StateMachine,
    options: Pick<InterpretOptions, 'stateMachineArn' | 'handlers' | 'clock'>,
  ): Promise<Execution> {
    const { record } = this
    try {
      const { cause, error, output, status } = await interpret(machine, {
        ...options,
        name: record.name,
        input: record.input,
        signal: this.#stop.signal,
        onEvent: ({ state, type }) => {
          if (type.endsWith('StateEntered') && state !== undefined) this.#enter(state)
        },
      })
      Object.assign(record, { status, output, error, cause })
    } catch (defect) {
      Object.assign(record, { status: 'FAILED', error: 'States.Runtime', cause: messageOf(defect) })
    }
    record.stoppedAt = new Date().toISOString()
    this.#save()
    await this.#saved
    return toExecution(record)
  }

  /** Tells every state, those entered before too. @returns ends the telling */
  follow(listener: (entered: StateEntered) => void): () => void {
    for (const state of this.record.states) listener({ execution: this.record.name, state })
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  stop(): void {
    this.#stop.abort()
  }

  #enter(state: string): void {
    this.record.states.push(state)
    this.#save()
    for (const listener of this.#listeners) listener({ execution: this.record.name, state })
  }

  #save(): void {
    const snapshot = structuredClone(this.record)
    this.#saved = this.#saved.then(() => this.store.update(snapshot))
    // Reported by run(), which waits for the last write.
    this.#saved.catch(() => undefined)
  }
}
