import { expect } from 'chai'
import { Lease } from '../../src/engine/lease.js'
import { parseRecord } from '../../src/engine/lease-record.js'
import type { DatapipeError } from '../../src/errors.js'
import { deferred, settle } from './fake-cloud.js'
import { FakeClock, MemoryLeaseStore } from './fake-lease-store.js'

const TTL = 60_000

describe('Lease, given back', () => {
  let store: MemoryLeaseStore
  let clock: FakeClock

  beforeEach(() => {
    store = new MemoryLeaseStore()
    clock = new FakeClock()
  })

  const acquire = (user = 'ada') =>
    Lease.acquire(store, {
      holder: { user, host: 'buildbox', pid: 42, command: 'datapipe up --env dev' },
      clock,
    })
  const refusal = async (attempt: Promise<unknown>): Promise<DatapipeError> => {
    try {
      await attempt
    } catch (error) {
      return error as DatapipeError
    }
    return expect.fail('it should have been refused')
  }
  const heldBy = () => parseRecord(store.stored?.body ?? '')?.holder.user

  it('frees it for the next, once', async () => {
    const lease = await acquire()
    expect(await lease.release()).to.equal(true)
    await acquire('bob')
    expect(await lease.release()).to.equal(true)
    expect(heldBy()).to.equal('bob')
  })

  it('ends its timers, and it is not held any more', async () => {
    const lease = await acquire()
    await lease.release()
    expect(clock.timers).to.equal(0)
    expect(() => {
      lease.assertHeld()
    }).to.throw('it was released')
  })

  it('never removes the lease of another run', async () => {
    const lease = await acquire()
    clock.pause(TTL)
    await acquire('bob')
    expect(await lease.release()).to.equal(false)
    expect(heldBy()).to.equal('bob')
  })

  for (const moment of ['before', 'after'] as const) {
    it(`is not brought back by a renewal that arrives ${moment} the removal`, async () => {
      const lease = await acquire()
      const door = deferred()
      const replace = store.replace.bind(store)
      store.replace = async (body, etag) => {
        const early = moment === 'before' ? await replace(body, etag) : undefined
        await door.promise
        return early ?? replace(body, etag)
      }
      await clock.advance(TTL / 3)
      expect(await lease.release()).to.equal(true)
      door.resolve()
      await settle()
      expect(store.stored).to.equal(undefined)
      expect(clock.timers).to.equal(0)
    })
  }

  it('removes it also when the answer to the last renewal was lost', async () => {
    const lease = await acquire()
    store.after = () => {
      throw new Error('connection reset')
    }
    await clock.advance(TTL / 3)
    store.after = () => undefined
    expect(await lease.release()).to.equal(true)
    expect(store.stored).to.equal(undefined)
  })

  it('leaves it to expire when the network fails', async () => {
    const lease = await acquire()
    store.before = () => {
      throw new Error('no network')
    }
    expect(await lease.release()).to.equal(false)
  })

  it('detached, it is neither renewed nor lost, and still keeps others out', async () => {
    const lease = await acquire()
    lease.detach()
    await clock.advance(TTL - 1)
    expect((await refusal(acquire('bob'))).code).to.equal('LEASE_HELD')
    await clock.advance(TTL)
    expect(lease.lost.aborted).to.equal(false)
    expect(store.bodies).to.have.length(1)
    expect(clock.timers).to.equal(0)
  })
})
