import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs'
import { expect } from 'chai'
import { UNKNOWN } from '../../src/engine/change.js'
import type { AwsResource } from '../../src/resources/resource.js'
import { Account, foreignIn } from '../support/ownership/account.js'
import { FOREIGN, NEVER_FOREIGN } from '../support/ownership/foreign.js'
import { environmentOf, EVERYTHING, signal } from '../support/properties/world.js'
import { snapshot } from '../support/snapshot.js'

const DEFAULT = { project: 'sensors' }

describe('what somebody else made with our names', function () {
  this.timeout(300_000)

  const everything = environmentOf(EVERYTHING)
  const plain = environmentOf(DEFAULT)
  let account: Account
  let theirs: object
  const foreign = new Map<string, string[]>()

  /** Those whose names AWS keeps unique. The key is found by its alias, and foreign with it. */
  const named = (resources: readonly AwsResource[]): AwsResource[] =>
    resources.filter(({ type }) => type in FOREIGN || type === 'AWS::KMS::Key')

  before(async () => {
    account = await Account.open()
    const all = await account.resources(everything)
    const aws = account.context()
    for (const resource of all) await FOREIGN[resource.type]?.(aws, resource)
    foreign.set(
      'everything',
      named(all)
        .map(({ id }) => id)
        .sort(),
    )
    foreign.set(
      'plain',
      named(await account.resources(plain))
        .map(({ id }) => id)
        .sort(),
    )
    theirs = await snapshot(account.endpoint)
  })
  after(() => account.close())

  it('is there for every type with a name, or it is said why not', async () => {
    const types = new Set(
      (await account.resources(everything))
        .filter(({ expectedPhysicalId }) => expectedPhysicalId !== UNKNOWN)
        .map(({ type }) => type),
    )
    expect([...types].filter((type) => !(type in FOREIGN) && !(type in NEVER_FOREIGN))).to.deep.equal([])
  })

  for (const [which, environment] of [
    ['everything', everything],
    ['plain', plain],
  ] as const) {
    describe(`in an environment with ${which === 'plain' ? 'no options' : 'every option on'}`, () => {
      it('is named by plan, each of it and nothing else', async () => {
        const ran = await account.plan(environment)
        expect(foreignIn(ran)).to.deep.equal(foreign.get(which))
        expect(ran.error!.exitCode).to.equal(1)
        expect(ran.writes).to.deep.equal([])
      })

      it('is refused by up, which changes nothing at all', async () => {
        const ran = await account.up(environment)
        expect(foreignIn(ran)).to.deep.equal(foreign.get(which))
        expect(ran.writes).to.deep.equal([])
        expect(await snapshot(account.endpoint)).to.deep.equal(theirs)
      })

      it('stays when the others are adopted: one that is left is enough', async () => {
        const all = foreign.get(which)!
        const left = 'storage/raw'
        const ran = await account.up(
          environment,
          all.filter((id) => id !== left),
        )
        expect(foreignIn(ran)).to.deep.equal([left])
        expect(ran.writes).to.deep.equal([])
      })

      for (const deleteData of [false, true]) {
        it(`is left by down${deleteData ? ' --delete-data' : ''}, and not counted as ours`, async () => {
          const ran = await account.down(environment, deleteData)
          expect(ran.error).to.equal(undefined)
          expect(ran.result).to.deep.include({
            deleted: [],
            retained: [],
            leftovers: [],
            verifiedEmpty: true,
          })
          const left = ran.result!.foreign.map(({ id }) => id)
          expect(left).to.include.members(['storage/raw', 'messaging/failed'])
          expect(ran.writes).to.deep.equal([])
          expect(await snapshot(account.endpoint)).to.deep.equal(theirs)
        })
      }
    })
  }

  it('is refused also where it takes the place of something of ours; down takes only ours', async () => {
    const own = await Account.open()
    try {
      expect((await own.up(plain)).error).to.equal(undefined)
      const id = 'messaging/failed'
      const resources = await own.resources(plain)
      const queue = resources.find((one) => one.id === id)!
      const op = { signal, waiting: () => undefined }
      await queue.delete((await queue.read(op))!, op)
      const aws = own.context()
      await aws.clients.of(SQSClient).send(new CreateQueueCommand({ QueueName: queue.name }))
      expect(foreignIn(await own.plan(plain))).to.deep.equal([id])
      const { error, writes } = await own.up(plain)
      expect(error).to.include({ code: 'FOREIGN_RESOURCE' })
      // The lease, taken and given back.
      expect(new Set(writes)).to.deep.equal(new Set(['S3 PutObject', 'S3 DeleteObject']))
      const down = await own.down(plain, true)
      expect(down.error).to.equal(undefined)
      expect(down.result!.deleted.map((one) => one.id)).not.to.include(id)
      expect(down.result!.foreign.map((one) => one.id)).to.deep.equal([id])
      const left = await snapshot(own.endpoint)
      expect(
        Object.entries(left).filter(([, some]) => (Array.isArray(some) ? some.length : some) !== 0),
      ).to.deep.equal([['queues', [queue.name]]])
    } finally {
      await own.close()
    }
  })
})
