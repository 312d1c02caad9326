import type { AwsContext } from '../../aws/context.js'
import type { BackfillRunner, Orchestrator } from '../orchestrator.js'

/** An orchestrator, and what ends it. */
export interface OpenOrchestrator {
  orchestrator: Orchestrator
  /** Left out: it knows of none. */
  backfill?: BackfillRunner
  /** Executions at once while they are watched. */
  concurrency: number
  /** The executions end with this process, so it must stay until they are over. */
  inProcess: boolean
  close(): Promise<void>
}

/** One that can run the backfill, if that is deployed. */
export interface OpenBackfill extends OpenOrchestrator {
  backfill: BackfillRunner
}

const CLOUD_CONCURRENCY = 10
const LOCAL_CONCURRENCY = 2

/** Step Functions, or where it does not run anything (an emulator), the interpreter in this process. */
export async function openOrchestrator(aws: AwsContext): Promise<OpenBackfill> {
  if (aws.emulated) {
    const { LocalOrchestrator } = await import('../../local/orchestrator.js')
    const { LocalBackfill } = await import('../../local/backfill.js')
    const orchestrator = new LocalOrchestrator({ aws, concurrency: LOCAL_CONCURRENCY })
    return {
      orchestrator,
      backfill: new LocalBackfill(aws, orchestrator),
      concurrency: LOCAL_CONCURRENCY,
      inProcess: true,
      close: () => orchestrator.close(),
    }
  }
  const { SfnOrchestrator } = await import('./sfn-orchestrator.js')
  const { SfnBackfill } = await import('./sfn-backfill.js')
  return {
    orchestrator: new SfnOrchestrator(aws),
    backfill: new SfnBackfill(aws),
    concurrency: CLOUD_CONCURRENCY,
    inProcess: false,
    close: () => Promise.resolve(),
  }
}
