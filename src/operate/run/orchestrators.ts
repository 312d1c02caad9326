import type { AwsContext } from '../../aws/context.js'
import type { Orchestrator } from '../orchestrator.js'

/** An orchestrator, and what ends it. */
export interface OpenOrchestrator {
  orchestrator: Orchestrator
  /** Executions at once while they are watched. */
  concurrency: number
  /** The executions end with this process, so it must stay until they are over. */
  inProcess: boolean
  close(): Promise<void>
}

const CLOUD_CONCURRENCY = 10
const LOCAL_CONCURRENCY = 2

/** Step Functions, or where it does not run anything (an emulator), the interpreter in this process. */
export async function openOrchestrator(aws: AwsContext): Promise<OpenOrchestrator> {
  if (aws.emulated) {
    const { LocalOrchestrator } = await import('../../local/orchestrator.js')
    const orchestrator = new LocalOrchestrator({ aws, concurrency: LOCAL_CONCURRENCY })
    return {
      orchestrator,
      concurrency: LOCAL_CONCURRENCY,
      inProcess: true,
      close: () => orchestrator.close(),
    }
  }
  const { SfnOrchestrator } = await import('./sfn-orchestrator.js')
  return {
    orchestrator: new SfnOrchestrator(aws),
    concurrency: CLOUD_CONCURRENCY,
    inProcess: false,
    close: () => Promise.resolve(),
  }
}
