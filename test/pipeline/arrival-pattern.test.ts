import { execFile } from 'node:child_process'
import { expect } from 'chai'
import { arrivalPattern, ENDINGS } from '../../src/pipeline/arrival-pattern.js'
import { motoRuntime } from '../support/moto.js'

const BUCKET = 'dp-dev-raw-111122223333-us-east-1-an'

/** moto's own matcher, which its event buses use: not ours, and not written for this pattern. */
const MATCH = `
import json, sys
from moto.events.models import EventPattern
asked = json.load(sys.stdin)
pattern = EventPattern(json.dumps(asked["pattern"]), asked["pattern"])
print(json.dumps([pattern.matches_event(event) for event in asked["events"]]))
`

interface Arrival {
  key: string
  size?: number
  bucket?: string
  detailType?: string
  source?: string
}

function event({
  bucket = BUCKET,
  detailType = 'Object Created',
  key,
  size,
  source = 'aws.s3',
}: Arrival): object {
  return {
    version: '0',
    'detail-type': detailType,
    source,
    account: '111122223333',
    detail: {
      bucket: { name: bucket },
      object: { key, ...(size === undefined ? {} : { size }), 'version-id': 'v1' },
      reason: 'CompleteMultipartUpload',
    },
  }
}

async function matches(pattern: object, arrivals: readonly Arrival[]): Promise<boolean[]> {
  const { env, python } = await motoRuntime()
  return new Promise((resolve, reject) => {
    const child = execFile(python, ['-c', MATCH], { env: { ...process.env, ...env } }, (error, stdout) => {
      if (error === null) resolve(JSON.parse(stdout) as boolean[])
      else reject(new Error('The matcher failed', { cause: error }))
    })
    child.stdin?.end(JSON.stringify({ pattern, events: arrivals.map(event) }))
  })
}

describe('the pattern of the arrival rule', function () {
  this.timeout(120_000)
  const pattern = arrivalPattern(BUCKET)
  const verdicts = async (arrivals: readonly Arrival[]) => {
    const answers = await matches(pattern, arrivals)
    return arrivals.map((arrival, index) => [arrival, answers[index]])
  }
  const all = (arrivals: readonly Arrival[], verdict: boolean) =>
    arrivals.map((arrival) => [arrival, verdict])

  it('matches every ending that the transform reads, in any folder', async () => {
    const keys = ENDINGS.flatMap((ending) => [`inbox/a.${ending}`, `inbox/t/2026/day=1/a "b" ü.${ending}`])
    const arrivals = keys.map((key) => ({ key, size: 1 }))
    expect(await verdicts(arrivals)).to.deep.equal(all(arrivals, true))
  })

  it('matches files of every size, above all over 5 GB, and without one', async () => {
    const arrivals = [0, 1, 4_999_999_999, 5_000_000_001, 5e12, undefined].map((size) => ({
      key: 'inbox/t/a.csv',
      size,
    }))
    expect(await verdicts(arrivals)).to.deep.equal(all(arrivals, true))
  })

  it('does not match folder markers, other endings, other prefixes, other buckets and other events', async () => {
    const key = 'inbox/t/a.csv'
    const arrivals: Arrival[] = [
      ...['inbox/', 'inbox/t/', 'inbox/t.csv/', 'inbox/t/a.csv/'].map((marker) => ({ key: marker, size: 0 })),
      ...['inbox/t/a.orc', 'inbox/t/a', 'inbox/t/a.csv.zip', 'inbox/t/acsv'].map((other) => ({
        key: other,
      })),
      ...['outbox/a.csv', 'a.csv', 'other/inbox/a.csv', 'inbox.csv', 'INBOX/a.csv'].map((other) => ({
        key: other,
      })),
      { key, bucket: `${BUCKET}2` },
      { key, detailType: 'Object Deleted' },
      { key, source: 'aws.ec2' },
    ]
    expect(await verdicts(arrivals)).to.deep.equal(all(arrivals, false))
  })

  it('is judged by a matcher that knows wildcards', async () => {
    expect(
      await matches({ detail: { object: { key: [{ wildcard: 'x*' }] } } }, [{ key: 'xa' }, { key: 'a' }]),
    ).to.deep.equal([true, false])
  })

  it('is no longer than a rule may have', () => {
    expect(JSON.stringify(pattern).length).to.be.lessThan(4096)
  })
})
