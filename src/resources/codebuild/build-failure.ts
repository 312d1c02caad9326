import type { Build } from '@aws-sdk/client-codebuild'
import { DatapipeError } from '../../errors.js'

/** What a line of the log or of CodeBuild's own explanation means, and what helps. */
const ADVICE: readonly (readonly [pattern: RegExp, advice: string])[] = [
  [
    /toomanyrequests|rate exceeded|pull rate limit/i,
    'The gallery that base images come from limits how often one address may pull: wait a few minutes, then run the same command again.',
  ],
  [
    /exec format error/i,
    'The builder and the image have different architectures: `datapipe plan` shows what was changed in the CodeBuild project, `datapipe up` repairs it.',
  ],
  [
    /no space left on device/i,
    'The builder ran out of disk; run the same command again, and report it if it stays.',
  ],
  [
    /denied: .*not authorized|AccessDenied|not authorized to perform/i,
    'The role of the build may not do what the log says: `datapipe up` repairs the role; a permissions boundary or an organisation policy it cannot.',
  ],
  [
    /i\/o timeout|TLS handshake timeout|ETIMEDOUT|ECONNRESET|EAI_AGAIN|Temporary failure in name resolution/i,
    'The builder did not reach the internet for a moment: run the same command again.',
  ],
]

/**
 * A build that did not make its image, with the phase that failed, what CodeBuild says of it, and the end of its log.
 * @param tail last lines of the log
 */
export function buildFailed(build: Build, tail: readonly string[]): DatapipeError {
  const failed = build.phases?.find(
    ({ phaseStatus }) => phaseStatus !== undefined && phaseStatus !== 'SUCCEEDED',
  )
  const reasons = (failed?.contexts ?? [])
    .map(({ message = '' }) => message.trim())
    .filter((message) => message !== '')
  const text = [...reasons, ...tail].join('\n')
  const phase = failed?.phaseType === undefined ? '' : ` in phase ${failed.phaseType}`
  const advice = ADVICE.filter(([pattern]) => pattern.test(text)).map(([, sentence]) => sentence)
  return new DatapipeError(
    'IMAGE_BUILD_FAILED',
    [
      `Build ${build.id ?? ''} of the image ended as ${build.buildStatus ?? 'unknown'}${phase}.`,
      ...reasons,
      ...(tail.length === 0 ? [] : ['The end of its log:', ...tail.map((line) => `  ${line}`)]),
    ].join('\n'),
    {
      suggestions: [
        ...statusAdvice(build),
        ...advice,
        ...(build.logs?.deepLink === undefined ? [] : [`The whole log: ${build.logs.deepLink}`]),
        'When the reason is gone, run the same command again: it starts a new build.',
      ],
    },
  )
}

function statusAdvice({ buildStatus }: Build): string[] {
  switch (buildStatus) {
    case 'STOPPED':
      return ['Somebody stopped the build.']
    case 'FAULT':
      return ['CodeBuild itself failed; that passes.']
    case 'TIMED_OUT':
      return ['It took longer than it may; a new build often does not.']
    case 'FAILED':
    case 'IN_PROGRESS':
    case 'SUCCEEDED':
    case undefined:
      return []
  }
}
