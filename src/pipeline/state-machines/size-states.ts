import { DEFAULT_TIER, type RunTier } from '../size-tiers.js'

/** The name of the state that makes the first attempt at a tier. */
function firstAttempt({ spot }: RunTier): string {
  return spot ? 'TransformOnSpot' : 'Transform'
}

/** Chooses the size of the task by the size of the object, as `$.compute`. */
export function sizeStates(tiers: readonly RunTier[]): Record<string, object> {
  const [last] = tiers.slice(-1)
  const tierStates = tiers.map((tier): [string, object] => [
    tier.state,
    {
      Type: 'Pass',
      Result: {
        cpu: String(tier.cpu),
        memory: String(tier.memoryMiB),
        ephemeralGiB: tier.ephemeralGiB,
        timeout: tier.timeoutSeconds,
      },
      ResultPath: '$.compute',
      Next: firstAttempt(tier),
    },
  ])
  return {
    ChooseSize: {
      Type: 'Choice',
      Choices: [
        { Variable: '$.size', IsPresent: false, Next: 'SizeUnknown' },
        { Variable: '$.size', NumericLessThan: 0, Next: DEFAULT_TIER.state },
        ...tiers
          .filter((tier) => tier.below !== undefined)
          .map((tier) => ({ Variable: '$.size', NumericLessThan: tier.below, Next: tier.state })),
      ],
      Default: last!.state,
    },
    SizeUnknown: { Type: 'Pass', Result: -1, ResultPath: '$.size', Next: DEFAULT_TIER.state },
    ...Object.fromEntries(tierStates),
  }
}
