import { DatapipeError } from '../errors.js'

/** AWS takes a difference of five minutes; a request takes some seconds itself. */
const MOST_MS = 4.5 * 60_000
/** Nothing else does: the SDK corrects the time of its requests itself, so that a denial by a policy is just that. */
const MAY_MEAN_IT = new Set([
  'RequestTimeTooSkewed',
  'RequestExpired',
  'AuthFailure',
  'InvalidSignatureException',
  'SignatureDoesNotMatch',
])
const SAYS_SO = /Signature expired|Signature not yet current|difference between the request time/

/**
 * What AWS refused because this machine's clock is wrong. Not every service says so: EC2 calls it a failed authentication or
 * an expired request. But every answer carries the time of AWS.
 */
export function clockSkew(error: Error): DatapipeError | undefined {
  const offMs = MAY_MEAN_IT.has(error.name) ? offset(error) : undefined
  const isOff = offMs !== undefined && Math.abs(offMs) > MOST_MS
  if (!isOff && error.name !== 'RequestTimeTooSkewed' && !SAYS_SO.test(error.message)) return undefined
  const how = isOff ? ` It is ${inWords(offMs)}.` : ''
  return new DatapipeError(
    'CLOCK_SKEW',
    `AWS refused the request because the clock of this machine is wrong.${how}`,
    {
      cause: error,
      suggestions: [
        'Set the clock, for example by switching on NTP (`timedatectl set-ntp true`), and run the same command again.',
      ],
    },
  )
}

/** How much this machine is ahead of AWS, by the answer's own time. */
function offset(error: Error): number | undefined {
  const { $response } = error as { $response?: { headers?: Record<string, string | undefined> } }
  const theirs = Date.parse($response?.headers?.date ?? '')
  return Number.isNaN(theirs) ? undefined : Date.now() - theirs
}

function inWords(offMs: number): string {
  const minutes = Math.round(Math.abs(offMs) / 60_000)
  const amount = minutes < 120 ? `${minutes} minutes` : `${Math.round(minutes / 60)} hours`
  return `${amount} ${offMs > 0 ? 'ahead' : 'behind'}`
}
