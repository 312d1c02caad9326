import type { Execution, Orchestrator, StateEntered, WorkerInput } from '../../../src/operate/orchestrator.js'
import type { OpenOrchestrator } from '../../../src/operate/run/orchestrators.js'
import type { TestLake } from '../../transform/merge/support.js'

/** Runs the container's job in this process, as a worker would. */
export class LakeOrchestrator implements Orchestrator {
  readonly started: string[] = []
  readonly #executions = new Map<string, { execution: Execution; done: Promise<void> }>()

  /** @param before happens when a worker has begun */
  constructor(
    private readonly lake: TestLake,
    private readonly before: (name: string) => Promise<void> = () => Promise.resolve(),
  ) {}

  start(name: string, input: WorkerInput): Promise<'started' | 'exists'> {
    if (this.#executions.has(name)) return Promise.resolve('exists')
    this.started.push(name)
    const execution: Execution = { name, status: 'RUNNING' }
    this.#executions.set(name, { execution, done: this.#work(execution, input) })
    return Promise.resolve('started')
  }

  describe(name: string): Promise<Execution | undefined> {
    return Promise.resolve(this.#executions.get(name)?.execution)
  }

  async watch(name: string, onState: (entered: StateEntered) => void): Promise<Execution> {
    onState({ execution: name, state: 'Transform' })
    const { done, execution } = this.#executions.get(name)!
    await done
    return execution
  }

  readonly open = (): Promise<OpenOrchestrator> =>
    Promise.resolve({ orchestrator: this, concurrency: 2, inProcess: true, close: () => Promise.resolve() })

  async #work(execution: Execution, { key, versionId }: WorkerInput): Promise<void> {
    const { name } = execution
    await this.before(name)
    try {
      const { status } = await this.lake.load({
        key,
        versionId,
        execution: name,
        force: !name.startsWith('o-'),
      })
      execution.status = status === 'failed' || status === 'rejected' ? 'FAILED' : 'SUCCEEDED'
    } catch {
      execution.status = 'FAILED'
    }
  }
}
