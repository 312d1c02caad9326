import { expect } from 'chai'
import { deferred, settle } from './fake-cloud.js'
import { GRACE, LeaseLab, refusal, TTL, verdict } from './lease-lab.js'

describe('Lease, given back', () => {
  const lab = new LeaseLab()

  it('frees it for the next, once', async () => {
    const lease = await lab.acquire()
    expect(await lease.release()).to.equal(true)
    await lab.acquire('bob')
    expect(await lease.release()).to.equal(true)
    expect(lab.heldBy()).to.equal('bob')
  })

  it('ends its timers, and it is not held any more', async () => {
    const lease = await lab.acquire()
    await lease.release()
    expect(lab.clock.timers).to.equal(0)
    expect(verdict(lease)).to.contain('it was released')
  })

  it('never removes the lease of another run', async () => {
    const lease = await lab.acquire()
    lab.clock.pause(TTL + GRACE)
    await lab.acquire('bob')
    expect(await lease.release()).to.equal(false)
    expect(lab.heldBy()).to.equal('bob')
  })

  for (const moment of ['before', 'after'] as const) {
    it(`is not brought back by a renewal that arrives ${moment} the removal`, async () => {
      const lease = await lab.acquire()
      const door = deferred()
      const replace = lab.store.replace.bind(lab.store)
      lab.store.replace = async (body, etag) => {
        const early = moment === 'before' ? await replace(body, etag) : undefined
        await door.promise
        return early ?? replace(body, etag)
      }
      await lab.clock.advance(TTL / 3)
      expect(await lease.release()).to.equal(true)
      door.resolve()
      await settle()
      expect(lab.store.stored).to.equal(undefined)
      expect(lab.clock.timers).to.equal(0)
    })
  }

  it('removes it also when the answer to the last renewal was lost', async () => {
    const lease = await lab.acquire()
    lab.store.after = () => {
      throw new Error('connection reset')
    }
    await lab.clock.advance(TTL / 3)
    lab.store.after = () => undefined
    expect(await lease.release()).to.equal(true)
    expect(lab.store.stored).to.equal(undefined)
  })

  it('leaves it to expire when the network fails', async () => {
    const lease = await lab.acquire()
    lab.store.before = () => {
      throw new Error('no network')
    }
    expect(await lease.release()).to.equal(false)
  })

  it('detached, it is neither renewed nor lost, and still keeps others out', async () => {
    const lease = await lab.acquire()
    lease.detach()
    await lab.clock.advance(TTL - 1)
    expect((await refusal(lab.acquire('bob'))).code).to.equal('LEASE_HELD')
    await lab.clock.advance(TTL)
    expect(lease.lost.aborted).to.equal(false)
    expect(lab.store.bodies).to.have.length(1)
    expect(lab.clock.timers).to.equal(0)
  })
})
