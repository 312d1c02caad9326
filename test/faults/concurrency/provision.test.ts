import { expect } from 'chai'
import type { DownResult } from '../../../src/operate/provision/down.js'
import type { PlanResult } from '../../../src/operate/provision/plan.js'
import type { UpResult } from '../../../src/operate/provision/up.js'
import type { LeaseInfo } from '../../../src/engine/lease-terms.js'
import { Cloud, type Call, type Ended, type Machine } from './cloud.js'

/** What only the one who holds the lease gets to. */
const isLater = ({ changes, name }: Call) => changes && !name.startsWith('s3:')

describe('two runs on one environment at once', function () {
  this.timeout(300_000)
  let cloud: Cloud
  let first: Machine
  let second: Machine

  before(async () => {
    cloud = await Cloud.start()
    first = await cloud.machine()
    second = await cloud.machine()
    for (const { user } of [first, second]) await user.write('datapipe.yaml', 'project: sensors\n')
  })
  after(() => cloud.stop())

  /** Two commands at once. Whoever gets the lease works on only when the other one has ended. */
  const race = async (ones: string[], others: string[]) => {
    const runs = [first.start<unknown>(...ones), second.start<unknown>(...others)] as const
    const oneEnded = Promise.race(runs.map(({ ended }) => ended))
    for (const machine of [first, second]) {
      machine.onCall = async (call) => {
        if (isLater(call)) await oneEnded
      }
    }
    const ended = await Promise.all(runs.map((run) => run.ended))
    expect(ended.map(({ code }) => code).toSorted(), JSON.stringify(ended)).to.deep.equal([0, 4])
    const [winner, loser] = ended[0]!.code === 0 ? ended : ended.toReversed()
    return {
      machine: winner === ended[0] ? first : second,
      winner: winner!,
      loser: loser as Ended<LeaseInfo>,
    }
  }
  const up = ['up', '--env', 'dev']
  const down = ['down', '--env', 'dev', '--delete-data', '--confirm', 'dev']
  const expectKeptOut = ({ error, result }: Ended<LeaseInfo>, command: string) => {
    expect(error?.code).to.equal('LEASE_HELD')
    expect(result.holder.command).to.equal(`datapipe ${command} --env dev`)
    for (const told of [
      result.holder.host,
      `process ${result.holder.pid}`,
      result.acquiredAt,
      result.expiresAt,
    ])
      expect(error?.message).to.contain(told)
    expect(error?.suggestions.join('\n')).to.contain(`datapipe unlock --env dev --lease ${result.id}`)
  }

  it('two ups in an empty account: one makes everything once, the other is told who', async () => {
    const { loser, machine, winner } = await race(up, up)
    expectKeptOut(loser, 'up')
    const { resources } = winner.result as UpResult
    // The emulator's addresses of queues are those of whoever asks.
    const plan = await machine.run<PlanResult>('plan', '--env', 'dev')
    const pending = plan.result.resources.filter(({ action }) => action !== 'unchanged')
    expect(pending).to.deep.equal([])
    expect(plan.result.resources).to.have.length(resources.length)
  })

  it('up against down: one keeps the other out, and what is left is whole or nothing', async () => {
    // Something to do for up, too.
    await first.user.write('datapipe.yaml', 'project: sensors\ncompute: { logRetentionDays: 90 }\n')
    const { loser, winner } = await race(up, down)
    expectKeptOut(loser, winner.command)
    const { result } = await first.run<DownResult>(...down)
    expect(result.verifiedEmpty, JSON.stringify(result)).to.equal(true)
    expect((await second.run<DownResult>(...down)).result.verifiedEmpty).to.equal(true)
  })
})
