import { expect } from 'chai'
import type { DownResult } from '../../src/operate/provision/down.js'
import type { PlanResult } from '../../src/operate/provision/plan.js'
import type { UpResult } from '../../src/operate/provision/up.js'
import { User } from '../support/cli.js'
import { resetMoto } from '../support/moto.js'
import { present, snapshot } from '../support/snapshot.js'

describe('up, plan, down through the built CLI', function () {
  this.timeout(180_000)
  let user: User
  let endpoint: string

  before(async () => {
    user = await User.create()
    endpoint = await user.startLocal()
  })
  after(() => user.leave())
  beforeEach(() => resetMoto(endpoint))

  const up = () => user.json<UpResult>('up', '--env', 'local')
  const down = (...more: string[]) => user.json<DownResult>('down', '--env', 'local', '--yes', ...more)

  it('creates everything, then nothing, then shows and repairs exactly what was changed', async () => {
    const first = await up()
    expect(first.code, JSON.stringify(first.error)).to.equal(0)
    expect(first.result.changes).to.include({ updated: 0, replaced: 0, deleted: 0, unchanged: 0 })
    expect(first.result.changes.created).to.equal(first.result.resources.length)
    expect(first.result.outputs).to.have.property('rawBucket', 'dp-local-raw-123456789012-eu-north-1-an')

    const before = await snapshot(endpoint)
    const second = await up()
    expect(second.result.changes).to.deep.equal({
      created: 0,
      updated: 0,
      replaced: 0,
      deleted: 0,
      unchanged: first.result.resources.length,
    })
    expect(second.result.apiCalls).to.be.greaterThan(0)
    expect(await snapshot(endpoint)).to.deep.equal(before)

    await user.write('datapipe.yaml', 'compute: { logRetentionDays: 90 }\n')
    const plan = await user.json<PlanResult>('plan', '--env', 'local', '--detailed-exitcode')
    expect(plan.code).to.equal(6)
    const changing = plan.result.resources.filter(({ action }) => action !== 'unchanged')
    expect(changing.map(({ action, diff, id }) => [id, action, diff])).to.deep.equal(
      ['compute/logs', 'orchestration/logs/worker', 'orchestration/logs/dispatch'].map((id) => [
        id,
        'update',
        [{ path: 'retentionDays', from: 30, to: 90, replaces: false }],
      ]),
    )
    expect((await up()).result.changes).to.include({ created: 0, updated: 3 })
    expect((await user.run('plan', '--env', 'local', '--detailed-exitcode')).code).to.equal(0)
    await user.write('datapipe.yaml', '')
  })

  it('plans without side effect in an empty account', async () => {
    const plan = await user.json<PlanResult>('plan', '--env', 'local')
    expect(plan.code).to.equal(0)
    expect(plan.result.changes.created).to.equal(plan.result.resources.length)
    expect(plan.result.cost.idleMonthlyUsd).to.equal(1)
    expect(present(await snapshot(endpoint))).to.deep.equal({})
  })

  it('keeps the data unless told otherwise, and proves emptiness', async () => {
    await up()
    const kept = await down()
    expect(kept.code).to.equal(0)
    expect(kept.result.verifiedEmpty).to.equal(false)
    expect(kept.result.leftovers).to.deep.equal([])
    expect(kept.result.retained.map(({ id }) => id)).to.have.members([
      'catalog/database',
      'storage/raw',
      'storage/transformed',
      'storage/logs',
      'security/key',
    ])
    const again = await up()
    expect(again.result.changes.unchanged).to.equal(kept.result.retained.length + 1)

    const gone = await down('--delete-data')
    expect(gone.code, JSON.stringify(gone.error)).to.equal(0)
    expect(gone.result).to.deep.include({ verifiedEmpty: true, leftovers: [], retained: [] })
    const key = gone.result.deleted.find(({ id }) => id === 'security/key')
    expect(new Date(key!.until!).getTime()).to.be.greaterThan(Date.now())
    expect(present(await snapshot(endpoint))).to.deep.equal({})
  })

  it('takes the key in its waiting period back instead of making a second one', async () => {
    const first = await up()
    await down('--delete-data')
    const second = await up()
    const keyOf = ({ result }: { result: UpResult }) =>
      result.resources.find(({ id }) => id === 'security/key')
    expect(keyOf(second)!.physicalId).to.equal(keyOf(first)!.physicalId)
    expect((await snapshot(endpoint)).keys).to.equal(1)
  })

  it('lets one run write at a time', async () => {
    const [first, second] = await Promise.all([up(), up()])
    const codes = [first.code, second.code]
    expect(codes).to.include(0)
    const refused = [first, second].find(({ code }) => code !== 0)
    // Both may have run one after the other.
    if (refused !== undefined) expect([refused.code, refused.error?.code]).to.deep.equal([4, 'LEASE_HELD'])
    expect((await up()).result.changes).to.include({ created: 0, updated: 0 })
  })
})
