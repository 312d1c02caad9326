import {
  DescribeExecutionCommand,
  ListExecutionsCommand,
  SFNClient,
  StartExecutionCommand,
  type ExecutionStatus,
} from '@aws-sdk/client-sfn'
import type { AwsContext } from '../../aws/context.js'
import { isAwsError } from '../../aws/retry.js'
import { DatapipeError } from '../../errors.js'

/** An execution of the crawl state machine. */
export interface CrawlExecution {
  arn: string
  /** false: it ran already. */
  started: boolean
}

/**
 * The execution that runs, or a new one: the crawler is a singleton, so a second execution would only watch the first.
 * @throws DatapipeError CRAWLER_NOT_UP
 */
export async function startCrawl(aws: AwsContext, signal: AbortSignal): Promise<CrawlExecution> {
  const sfn = aws.clients.of(SFNClient)
  const stateMachineArn = aws.names.stateMachineArn('crawl')
  try {
    const { executions = [] } = await sfn.send(
      new ListExecutionsCommand({ stateMachineArn, statusFilter: 'RUNNING', maxResults: 1 }),
      { abortSignal: signal },
    )
    const running = executions[0]?.executionArn
    if (running !== undefined) return { arn: running, started: false }
    const { executionArn: arn = '' } = await sfn.send(
      new StartExecutionCommand({ stateMachineArn, input: JSON.stringify({ source: 'crawl' }) }),
      { abortSignal: signal },
    )
    return { arn, started: true }
  } catch (error) {
    if (!isAwsError(error, 'StateMachineDoesNotExist', 'StateMachineDeleting')) throw error
    throw new DatapipeError(
      'CRAWLER_NOT_UP',
      `Environment ${aws.env} has no crawler yet: there is no state machine ${aws.names.stateMachine('crawl')}.`,
      { cause: error, suggestions: [`Create it: datapipe up --env ${aws.env}`] },
    )
  }
}

/** Without what is encrypted: the outcome is enough, and why is said by the crawler. */
export async function crawlStatus(
  aws: AwsContext,
  executionArn: string,
  signal: AbortSignal,
): Promise<ExecutionStatus> {
  const { status } = await aws.clients
    .of(SFNClient)
    .send(new DescribeExecutionCommand({ executionArn, includedData: 'METADATA_ONLY' }), {
      abortSignal: signal,
    })
  return status ?? 'RUNNING'
}
