import { expect } from 'chai'
import { Account } from '../support/ownership/account.js'
import { deleteAndRepair, roundsOf } from '../support/ownership/deleted.js'
import { environmentOf } from '../support/properties/world.js'

describe('a resource that somebody deleted by hand', function () {
  this.timeout(300_000)

  const environment = environmentOf({ project: 'sensors' })
  let account: Account
  before(async () => {
    account = await Account.open()
    expect((await account.up(environment)).error).to.equal(undefined)
  })
  after(() => account.close())

  it('is named by plan and drift, with nothing that is not gone, and made again by the next up', async () => {
    const rounds = await roundsOf(account, environment)
    // All but the role that belongs to the account.
    expect(rounds.flat()).to.have.length(36)
    for (const round of rounds) await deleteAndRepair(account, environment, round)
    const { result } = await account.up(environment)
    expect(result!.changes).to.deep.equal({ created: 0, updated: 0, replaced: 0, deleted: 0, unchanged: 37 })
    expect((await account.drift(environment)).result!.drift).to.deep.equal([])
  })
})
