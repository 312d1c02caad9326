import { expect } from 'chai'
import type { Change } from '../../src/engine/change.js'
import { applyGraph } from '../../src/engine/apply.js'
import { destroyGraph } from '../../src/engine/destroy.js'
import { Graph } from '../../src/engine/graph.js'
import { planGraph } from '../../src/engine/plan.js'
import { UsageError, type DatapipeError } from '../../src/errors.js'
import { FakeCloud, FakeResource, type FakeOptions } from './fake-cloud.js'

type Seen = Parameters<FakeResource['diff']>[0]

/** A thing that has a place for a mark. */
class Markable extends FakeResource {
  override adoptionMark({ settings }: Seen): 'present' | 'missing' {
    return settings.adopted === 'yes' ? 'present' : 'missing'
  }

  override diff(observed: Seen): Change[] {
    const mark = { path: 'adopted', from: null, to: 'yes', replaces: false }
    return [
      ...super.diff(observed),
      ...(this.adopted && this.adoptionMark(observed) === 'missing' ? [mark] : []),
    ]
  }
}

describe('adopting what somebody else made', () => {
  let cloud: FakeCloud
  const make = (id: string, options: FakeOptions = {}) => new Markable(cloud, id, options)
  const adopt = new Set(['bucket'])

  beforeEach(() => {
    cloud = new FakeCloud()
  })

  async function adoptBucket(): Promise<void> {
    cloud.put('bucket', {}, false)
    await applyGraph(new Graph([make('bucket')]), { adopt })
  }

  const refused = async (plan: Promise<unknown>): Promise<UsageError> => {
    const error: unknown = await plan.catch((reason: unknown) => reason)
    expect(error).to.be.instanceOf(UsageError)
    return error as UsageError
  }

  it('marks it, and says so beforehand', async () => {
    cloud.put('bucket', {}, false)
    const plan = await planGraph(new Graph([make('bucket')]), { adopt })
    expect(plan.entries[0]).to.deep.include({ action: 'update', adopts: 'marked' })
    expect(plan.entries[0]!.changes.map(({ path }) => path)).to.deep.equal(['tags.owner', 'adopted'])
    await applyGraph(new Graph([make('bucket')]), { adopt })
    expect(cloud.things.get('bucket')).to.deep.include({ owned: true, settings: { adopted: 'yes' } })
    const again = await planGraph(new Graph([make('bucket')]))
    expect(again.entries[0]).to.deep.include({ action: 'unchanged' })
  })

  it('says of what has no place for a mark that nothing will tell later', async () => {
    cloud.put('alias', {}, false)
    const graph = new Graph([new FakeResource(cloud, 'alias')])
    const plan = await planGraph(graph, { adopt: new Set(['alias']) })
    expect(plan.entries[0]).to.deep.include({ action: 'update', adopts: 'unmarked' })
  })

  it('adopts nothing but what is named', async () => {
    cloud.put('bucket', {}, false)
    cloud.put('other', {}, false)
    const result = await applyGraph(new Graph([make('bucket'), make('other')]), { adopt })
    expect(result.failures.map(({ id, physicalId }) => [id, physicalId])).to.deep.equal([
      ['other', cloud.things.get('other')!.ref],
    ])
    expect(cloud.writes()).to.deep.equal([])
  })

  it('refuses what is not there and what is ours, before it touches anything', async () => {
    cloud.put('ours')
    const graph = () => new Graph([make('ours', { settings: { size: '2' } }), make('bucket')])
    const error = await refused(planGraph(graph(), { adopt: new Set(['bucket', 'ours']) }))
    expect(error.code).to.equal('NOT_ADOPTABLE')
    expect(error.message).to.contain('bucket does not exist').and.to.contain('ours (ours#1) is part of')
    expect((await refused(applyGraph(graph(), { adopt }))).code).to.equal('NOT_ADOPTABLE')
    expect(cloud.writes()).to.deep.equal([])
  })

  it('may be repeated: a command that was killed is run again', async () => {
    await adoptBucket()
    const plan = await planGraph(new Graph([make('bucket')]), { adopt })
    expect(plan.entries[0]).to.deep.include({ action: 'unchanged' })
  })

  it('is never the beginning of a deletion: not to be made anew, not as left over, not by a plain down', async () => {
    cloud.put('bucket', { name: 'old' }, false)
    const changed = () => new Graph([make('bucket', { settings: { name: 'new' }, replaces: ['name'] })])
    for (const attempt of ['adopting', 'adopted']) {
      const { failures } = await planGraph(changed(), attempt === 'adopting' ? { adopt } : {})
      expect((failures[0]!.error as DatapipeError).code, attempt).to.equal('PROTECTED_REPLACEMENT')
      expect((failures[0]!.error as DatapipeError).message).to.contain('was not made by this environment')
      cloud.things.get('bucket')!.settings.adopted = 'yes'
      cloud.things.get('bucket')!.owned = true
    }
    const { kept } = await applyGraph(new Graph([]), { orphans: [make('bucket')] })
    expect(kept.map(({ id, reason }) => [id, reason])).to.deep.equal([['bucket', 'was adopted']])
    const { deleted, retained } = await destroyGraph(new Graph([make('bucket')]))
    expect([deleted, retained.map(({ id }) => id)]).to.deep.equal([[], ['bucket']])
    expect([...cloud.things.keys()]).to.deep.equal(['bucket'])
  })

  it('keeps, with it, all that it was told to use', async () => {
    const graph = () => {
      const key = make('key')
      const role = make('role', { dependsOn: [key] })
      const bucket = make('bucket', { dependsOn: [role] })
      return new Graph([key, role, bucket, make('other', { dependsOn: [key] })])
    }
    cloud.put('bucket', {}, false)
    await applyGraph(graph(), { adopt })
    const { deleted, retained } = await destroyGraph(graph())
    expect(deleted.map(({ id }) => id)).to.deep.equal(['other'])
    expect(retained.map(({ id }) => id)).to.have.members(['bucket', 'role', 'key'])
  })

  it('ends when the data is deleted, too', async () => {
    await adoptBucket()
    const { deleted } = await destroyGraph(new Graph([make('bucket')]), { deleteData: true })
    expect(deleted.map(({ id }) => id)).to.deep.equal(['bucket'])
  })
})
