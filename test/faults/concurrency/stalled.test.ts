import { expect } from 'chai'
import type { UpResult } from '../../../src/operate/provision/up.js'
import type { UnlockResult } from '../../../src/operate/unlock/unlock.js'
import { ALL_FAULTS, faultPositions } from '../../support/faults.js'
import { Cloud, type Call, type Machine } from './cloud.js'

/** A ttl, and what others wait beyond it. */
const EXPIRY_MS = 66_000

const QUIET_MS = 2_000

const isChange = ({ changes, lease }: Call) => changes && !lease

/** What it was about to send has been sent. */
async function quiet({ calls }: Machine): Promise<void> {
  for (let seen = -1; seen !== calls.length;) {
    seen = calls.length
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS))
  }
}

describe('a run whose process is paused while others take the lease', function () {
  this.timeout(400_000)
  let cloud: Cloud
  let stalled: Machine
  let other: Machine

  before(async () => {
    cloud = await Cloud.start()
    stalled = await cloud.machine()
    other = await cloud.machine()
    for (const { user } of [stalled, other]) await user.write('datapipe.yaml', 'project: sensors\n')
  })
  beforeEach(() => cloud.reset())
  after(() => cloud.stop())

  /**
   * An `up` whose process is paused while its calls from this change on wait for their answers; these are there when it goes on,
   * after `meanwhile` has ended.
   */
  const stallAt = async (position: number, meanwhile: () => Promise<void>) => {
    const { child, ended } = stalled.start<UpResult>('up', '--env', 'dev')
    let changes = 0
    let release: () => void = () => undefined
    const released = new Promise<void>((resolve) => (release = resolve))
    const reached = new Promise<void>((resolve) => {
      stalled.onCall = async (call) => {
        if (isChange(call)) changes++
        if (changes <= position) return
        resolve()
        await released
      }
    })
    try {
      await Promise.race([reached, ended])
      expect(child.exitCode, `it ended before change ${position}`).to.equal(null)
      await quiet(stalled)
      child.kill('SIGSTOP')
      release()
      await meanwhile()
      const before = stalled.calls.length
      child.kill('SIGCONT')
      const { code, error } = await ended
      return { code, error, sent: stalled.calls.slice(before) }
    } finally {
      release()
      child.kill('SIGCONT')
    }
  }

  const expectNoticed = ({ code, error, sent }: Awaited<ReturnType<typeof stallAt>>, who: string) => {
    expect([code, error?.code], error?.message).to.deep.equal([3, 'LEASE_LOST'])
    expect(error?.message).to.contain(who)
    expect(sent.filter(isChange).map(({ name }) => name)).to.deep.equal([])
  }
  const expectWhole = async () => {
    const { code, error, result } = await other.run<UpResult>('up', '--env', 'dev')
    expect(code, error?.message).to.equal(0)
    expect(result.changes).to.include({ created: 0, updated: 0, replaced: 0, deleted: 0 })
  }
  const up = async () => {
    const { code, error } = await other.run<UpResult>('up', '--env', 'dev')
    expect(code, error?.message).to.equal(0)
  }

  const positions = faultPositions('stalled', 25)
  for (let tries = ALL_FAULTS ? 3 : 1; tries > 0; tries--) {
    const position = 12 + (positions.next().value as number) * (ALL_FAULTS ? 20 : 1)

    it(`changes nothing any more when its lease was broken with unlock, at change ${position}`, async () => {
      const end = await stallAt(position, async () => {
        const { error } = await other.run('down', '--env', 'dev', '--confirm', 'dev')
        const command = /datapipe (unlock .+)$/.exec(error?.suggestions.join('\n') ?? '')?.[1] ?? ''
        const broken = await other.run<UnlockResult>(...command.split(' '), '--yes')
        expect(broken.code, JSON.stringify(broken.error)).to.equal(0)
        expect(broken.result.outcome).to.equal('broken')
        await up()
      })
      expectNoticed(end, 'somebody removed it')
      await expectWhole()
    })
  }

  if (ALL_FAULTS) {
    it('changes nothing any more when its lease had expired', async () => {
      const end = await stallAt(30, async () => {
        await new Promise((resolve) => setTimeout(resolve, EXPIRY_MS))
        await up()
      })
      expectNoticed(end, 'could not be renewed and expired')
      await expectWhole()
    })
  }
})
