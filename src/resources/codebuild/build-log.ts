import { GetLogEventsCommand, type CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs'
import type { Build } from '@aws-sdk/client-codebuild'
import { unlessMissing } from '../../aws/retry.js'

/** Lines kept for the error message of a build that fails. */
const TAIL = 25

/** What a build says, read on from where the last look ended. */
export class BuildLog {
  #token: string | undefined
  readonly #tail: string[] = []

  constructor(private readonly logs: CloudWatchLogsClient) {}

  /** The last lines seen, oldest first. */
  get tail(): readonly string[] {
    return this.#tail
  }

  /**
   * Reads what is new. The stream is named once the build has left provisioning, and exists once it said something.
   * @returns the lines that are new
   */
  async read(build: Build): Promise<string[]> {
    const { groupName, streamName } = build.logs ?? {}
    if (groupName === undefined || streamName === undefined) return []
    const fresh: string[] = []
    for (;;) {
      const page = await unlessMissing(
        this.logs.send(
          new GetLogEventsCommand({
            logGroupName: groupName,
            logStreamName: streamName,
            startFromHead: true,
            nextToken: this.#token,
          }),
        ),
        'ResourceNotFoundException',
      )
      const lines = (page?.events ?? []).flatMap(({ message = '' }) =>
        message
          .split('\n')
          .map((line) => line.trim())
          .filter((line) => line !== ''),
      )
      fresh.push(...lines)
      // The same token again is how the end of the stream is told.
      const atEnd = page?.nextForwardToken === undefined || page.nextForwardToken === this.#token
      this.#token = page?.nextForwardToken ?? this.#token
      if (atEnd || lines.length === 0) break
    }
    this.#tail.push(...fresh)
    this.#tail.splice(0, this.#tail.length - TAIL)
    return fresh
  }
}
