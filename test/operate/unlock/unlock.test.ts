import { expect } from 'chai'
import { S3LeaseStore } from '../../../src/aws/s3-lease-store.js'
import { formatRecord, renewedRecord } from '../../../src/engine/lease-record.js'
import { takeLease } from '../../../src/operate/provision/lease.js'
import { findLease, type FoundLease } from '../../../src/operate/unlock/find.js'
import { unlock } from '../../../src/operate/unlock/unlock.js'
import { failure, signal } from '../support.js'
import { LeaseBucket } from './support.js'

describe('unlock', function () {
  this.timeout(120_000)
  let bucket: LeaseBucket
  before(async () => {
    bucket = await LeaseBucket.start()
  })
  beforeEach(() => bucket.reset())
  after(() => bucket.stop())

  const find = async (): Promise<FoundLease> => {
    const found = await findLease(new S3LeaseStore(bucket.aws))
    return found ?? expect.fail('nobody holds it')
  }

  it('breaks the lease of a run that was killed on this machine at once', async () => {
    const { id } = await bucket.holdDead()
    const result = await unlock(bucket.aws, await find(), { signal, onWait: () => expect.fail('no need to') })
    expect(result.outcome).to.equal('broken')
    expect(result.lease?.id).to.equal(id)
    expect(await bucket.text()).to.equal('')
  })

  it('lets nobody else have it before a run that may still live must have noticed', async () => {
    await bucket.holdElsewhere()
    const stop = new AbortController()
    let waitMs = 0
    let meanwhile: Promise<Error> | undefined
    const broken = unlock(bucket.aws, await find(), {
      signal: stop.signal,
      onWait: (ms) => {
        waitMs = ms
        meanwhile = failure(takeLease(bucket.aws, 'up'))
        void meanwhile.finally(() => {
          stop.abort()
        })
      },
    })
    expect((await failure(broken)).code).to.equal('INTERRUPTED')
    expect(await meanwhile).to.have.property('code', 'LEASE_HELD')
    expect((await meanwhile)?.message).to.contain('datapipe unlock --env dev')
    // Five twelfths of a minute and five seconds after its last renewal.
    expect(waitMs).to.be.within(20_000, 30_000)
    expect(await bucket.text(), 'interrupted, it is free').to.equal('')
  })

  it('breaks a lease that was only renewed since it was shown', async () => {
    const record = await bucket.holdDead()
    const found = await find()
    await bucket.put(formatRecord(renewedRecord(record, Date.now())))
    expect((await unlock(bucket.aws, found, { signal })).outcome).to.equal('broken')
    expect(await bucket.text()).to.equal('')
  })

  it('breaks no other lease than the one that was shown', async () => {
    await bucket.holdDead()
    const found = await find()
    await bucket.holdElsewhere('bob')
    const before = await bucket.text()
    const error = await failure(unlock(bucket.aws, found, { signal }))
    expect([error.code, error.exitCode]).to.deep.equal(['LEASE_CHANGED', 4])
    expect(error.message).to.contain('bob on buildbox')
    expect(await bucket.text()).to.equal(before)
  })

  it('has nothing to break when the run gave it back meanwhile', async () => {
    await bucket.holdDead()
    const found = await find()
    await bucket.free()
    expect((await unlock(bucket.aws, found, { signal })).outcome).to.equal('free')
  })

  it('does not remove a lease that has taken the place of what was none', async () => {
    await bucket.put('what is this?')
    const found = await find()
    await bucket.holdElsewhere()
    const before = await bucket.text()
    expect((await failure(unlock(bucket.aws, found, { signal }))).code).to.equal('LEASE_CHANGED')
    expect(await bucket.text()).to.equal(before)
  })
})
