import { GetKeyRotationStatusCommand } from '@aws-sdk/client-kms'
import { GetResourcesCommand } from '@aws-sdk/client-resource-groups-tagging-api'
import { expect } from 'chai'

import { arn, fakeKms, pending, POLICY, testKey, type FakeKey } from './support.js'

describe('KmsKey: read and diff', () => {
  const fake = fakeKms()
  const { kms, tagging } = fake
  const key = testKey()
  const ours = (changes: Partial<FakeKey> = {}): FakeKey => ({ metadata: {}, tags: key.tags, ...changes })

  beforeEach(() => fake.reset())

  describe('finding it', () => {
    it('is absent without alias and without tags', async () => {
      fake.answer({})
      expect(await key.read()).to.equal(undefined)
    })

    it('is found by its alias, unchanged, in four calls', async () => {
      fake.answer({ k1: ours() }, 'k1')
      const observed = (await key.read())!
      expect(key.diff(observed)).to.deep.equal([])
      expect(observed).to.deep.include({
        physicalId: 'k1',
        owned: true,
        attributes: { keyId: 'k1', arn: arn('k1') },
        pendingDeletionUntil: undefined,
      })
      expect(kms.calls()).to.have.length(4)
      expect(tagging.calls()).to.have.length(0)
    })

    it('is found by its tags when a killed run made no alias', async () => {
      fake.answer({ k1: ours() }, undefined, ['k1'])
      expect((await key.read())!.physicalId).to.equal('k1')
      expect(tagging.commandCalls(GetResourcesCommand)[0]!.args[0].input.TagFilters).to.deep.equal([
        { Key: 'datapipe:project', Values: ['sensors'] },
        { Key: 'datapipe:env', Values: ['dev'] },
        { Key: 'datapipe:id', Values: ['security/key'] },
      ])
    })

    it('is found by its tags when the alias was pointed at another key', async () => {
      fake.answer({ k1: ours(), theirs: ours({ tags: {} }) }, 'theirs', ['k1'])
      expect(await key.read()).to.deep.include({ physicalId: 'k1', owned: true })
    })

    it('is foreign when the alias points at a key of others and there is none of ours', async () => {
      fake.answer({ theirs: ours({ tags: { 'datapipe:project': 'other' } }) }, 'theirs')
      expect(await key.read()).to.deep.include({ physicalId: 'theirs', owned: false })
    })

    it('does not trip over an alias that points at a key that cannot rotate', async () => {
      fake.answer({ theirs: ours({ tags: {} }) }, 'theirs')
      kms
        .on(GetKeyRotationStatusCommand)
        .rejects(Object.assign(new Error('asymmetric'), { name: 'UnsupportedOperationException' }))
      expect((await key.read())!.owned).to.equal(false)
    })

    it('ignores what the index still lists and KMS has no more', async () => {
      fake.answer({ k1: ours() }, undefined, ['gone', 'k1'])
      expect((await key.read())!.physicalId).to.equal('k1')
    })

    it('takes the living one, not the one that waits to be deleted', async () => {
      fake.answer({ old: ours({ metadata: pending }), k1: ours() }, undefined, ['old', 'k1'])
      expect((await key.read())!.physicalId).to.equal('k1')
    })

    it('takes the newest of several that wait to be deleted', async () => {
      const made = (date: string) => ours({ metadata: { ...pending, CreationDate: new Date(date) } })
      fake.answer({ a: made('2026-01-01'), b: made('2026-03-01'), c: made('2026-02-01') }, undefined, [
        'a',
        'b',
        'c',
      ])
      expect((await key.read())!.physicalId).to.equal('b')
    })

    it('stops when two live', async () => {
      fake.answer({ k1: ours(), k2: ours() }, undefined, ['k1', 'k2'])
      const error = await key.read().catch((thrown: unknown) => thrown)
      expect(error).to.have.property('code', 'DUPLICATE_RESOURCE')
      expect(error).to.have.property('message').that.includes(arn('k1')).and.includes(arn('k2'))
    })
  })

  describe('differences', () => {
    const drifts: [string, Partial<FakeKey>, string[]][] = [
      ['another description', { metadata: { Description: 'x' } }, ['description']],
      ['a disabled key', { metadata: { KeyState: 'Disabled' } }, ['state']],
      ['no rotation', { rotation: { KeyRotationEnabled: false } }, ['rotation.enabled']],
      [
        'rotation in another rhythm',
        { rotation: { KeyRotationEnabled: true, RotationPeriodInDays: 90 } },
        ['rotation.periodDays'],
      ],
      ['a service that does not say the rhythm', { rotation: { KeyRotationEnabled: true } }, []],
      [
        'a policy that lets others in',
        { policy: { ...POLICY, Statement: [{ ...POLICY.Statement[0], Principal: '*' }] } },
        ['policy'],
      ],
      [
        'a policy with a condition more',
        {
          policy: {
            ...POLICY,
            Statement: [
              { ...POLICY.Statement[0], Condition: { Bool: { 'aws:MultiFactorAuthPresent': 'true' } } },
            ],
          },
        },
        ['policy'],
      ],
      [
        'a key that waits to be deleted',
        { metadata: pending, rotation: { KeyRotationEnabled: false } },
        ['state'],
      ],
      ['another tag', { tags: { ...key.tags, Name: 'x', team: 'ops' } }, ['tags.Name']],
    ]
    for (const [what, changes, paths] of drifts) {
      it(`shows ${what} as ${paths.join(', ') || 'no difference'}`, async () => {
        fake.answer({ k1: ours(changes) }, 'k1')
        expect(key.diff((await key.read())!).map((change) => change.path)).to.deep.equal(paths)
      })
    }
  })
})
