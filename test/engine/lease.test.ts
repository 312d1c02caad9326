import { expect } from 'chai'
import { Lease } from '../../src/engine/lease.js'
import { LeaseHeldError } from '../../src/engine/lease-errors.js'
import { parseRecord } from '../../src/engine/lease-record.js'
import { ExitCode, type DatapipeError } from '../../src/errors.js'
import { FakeClock, MemoryLeaseStore } from './fake-lease-store.js'

const TTL = 60_000

describe('Lease', () => {
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

  describe('taking it', () => {
    it('takes a free one', async () => {
      const lease = await acquire()
      lease.assertHeld()
      expect(heldBy()).to.equal('ada')
      expect(lease.lost.aborted).to.equal(false)
    })

    it('is refused while another run holds it: says who, since when, until when, and what to do', async () => {
      await acquire()
      await clock.advance(30_000)
      const error = await refusal(acquire('bob'))
      expect(error).to.be.instanceOf(LeaseHeldError)
      expect(error.code).to.equal('LEASE_HELD')
      expect(error.exitCode).to.equal(ExitCode.leaseHeld)
      expect(error.message).to.contain('ada on buildbox (process 42, `datapipe up --env dev`)')
      expect(error.message).to.contain('since 2026-03-01T12:00:00.000Z')
      // Renewed after 20 s.
      expect(error.message).to.contain('until 2026-03-01T12:01:20.000Z')
      expect(error.suggestions.join(' ')).to.contain('expires by itself at 2026-03-01T12:01:20.000Z')
      expect(heldBy()).to.equal('ada')
    })

    it('is taken over at once from a holder that lives no more, and only then', async () => {
      await acquire()
      const asked: string[] = []
      const acquireKnowing = (gone: boolean) =>
        Lease.acquire(store, {
          holder: { user: 'bob', host: 'buildbox', pid: 43, command: 'datapipe up --env dev' },
          clock,
          isGone: ({ user }) => {
            asked.push(user)
            return Promise.resolve(gone)
          },
        })
      expect((await refusal(acquireKnowing(false))).code).to.equal('LEASE_HELD')
      const lease = await acquireKnowing(true)
      lease.assertHeld()
      expect(heldBy()).to.equal('bob')
      expect(asked).to.deep.equal(['ada', 'ada'])
    })

    it('of two that try at once exactly one gets it', async () => {
      const attempts = await Promise.allSettled([acquire('ada'), acquire('bob')])
      expect(attempts.map(({ status }) => status).toSorted()).to.deep.equal(['fulfilled', 'rejected'])
      const [winner] = attempts.flatMap((one, at) => (one.status === 'fulfilled' ? [['ada', 'bob'][at]] : []))
      expect(heldBy()).to.equal(winner)
    })

    it('takes over one that has expired, to the millisecond', async () => {
      await acquire()
      clock.pause(TTL - 1)
      expect((await refusal(acquire('bob'))).code).to.equal('LEASE_HELD')
      clock.pause(1)
      const lease = await acquire('bob')
      lease.assertHeld()
      expect(heldBy()).to.equal('bob')
    })

    it('of two that take over an expired one exactly one gets it, the other hears who', async () => {
      await acquire('gone')
      clock.pause(TTL)
      const attempts = await Promise.allSettled([acquire('ada'), acquire('bob')])
      const refused = attempts.flatMap((one) =>
        one.status === 'rejected' ? [one.reason as DatapipeError] : [],
      )
      expect(refused.map(({ code }) => code)).to.deep.equal(['LEASE_HELD'])
      expect(refused[0]!.message).to.contain(`${heldBy()} on`).and.not.to.contain('gone')
    })

    it('takes one that was released between two looks', async () => {
      const first = await acquire()
      let looked = false
      store.before = async (call) => {
        if (call !== 'read' || looked) return
        looked = true
        await first.release()
      }
      await acquire('bob')
      expect(heldBy()).to.equal('bob')
    })

    it('recognises its own write when only the answer was lost', async () => {
      const create = store.create.bind(store)
      store.create = async (body) => {
        await create(body)
        return undefined
      }
      const lease = await acquire()
      lease.assertHeld()
      expect(await lease.release()).to.equal(true)
      expect(store.stored).to.equal(undefined)
    })

    it('does not touch what is no lease', async () => {
      store.stored = { body: '{"not":"a lease"}', etag: 'x' }
      const error = await refusal(acquire())
      expect(error.code).to.equal('LEASE_UNREADABLE')
      expect(error.exitCode).to.equal(ExitCode.leaseHeld)
      expect(store.stored.etag).to.equal('x')
    })

    it('gives up on a store that neither takes nor shows a lease', async () => {
      store.create = () => Promise.resolve(undefined)
      expect((await refusal(acquire())).code).to.equal('LEASE_CONTENDED')
    })
  })

  describe('keeping it', () => {
    it('renews it for as long as it lives, and never writes the same twice', async () => {
      const lease = await acquire()
      await clock.advance(10 * TTL)
      lease.assertHeld()
      expect((await refusal(acquire('bob'))).code).to.equal('LEASE_HELD')
      expect(store.bodies.length).to.be.greaterThan(25)
      expect(new Set(store.bodies).size).to.equal(store.bodies.length)
    })

    it('is lost at the next renewal when somebody took it over', async () => {
      const lease = await acquire()
      store.stored = { body: store.stored!.body.replace(/"id": "[^"]+"/, '"id": "other"'), etag: 'other' }
      lease.assertHeld()
      await clock.advance(TTL / 3)
      expect(lease.lost.aborted).to.equal(true)
      expect(lease.lost.reason).to.have.property('code', 'LEASE_LOST')
      expect(() => {
        lease.assertHeld()
      }).to.throw('took it over')
      expect(clock.timers).to.equal(0)
    })

    it('is lost at the next renewal when somebody removed it', async () => {
      const lease = await acquire()
      store.stored = undefined
      await clock.advance(TTL / 3)
      expect(lease.lost.aborted).to.equal(true)
      expect(store.stored).to.equal(undefined)
    })

    it('survives a network that fails for less than the ttl', async () => {
      const lease = await acquire()
      store.before = () => {
        throw new Error('no network')
      }
      await clock.advance(TTL - 7000)
      lease.assertHeld()
      store.before = () => undefined
      await clock.advance(TTL)
      lease.assertHeld()
      expect(lease.lost.aborted).to.equal(false)
    })

    it('is lost when the network fails for as long as the ttl', async () => {
      const lease = await acquire()
      store.before = () => {
        throw new Error('no network')
      }
      await clock.advance(TTL)
      expect(lease.lost.aborted).to.equal(true)
      expect(() => {
        lease.assertHeld()
      }).to.throw('expired at 2026-03-01T12:01:00.000Z')
    })

    it('is lost when a renewal hangs for as long as the ttl', async () => {
      const lease = await acquire()
      store.before = () => new Promise(() => undefined)
      await clock.advance(TTL)
      expect(lease.lost.aborted).to.equal(true)
    })

    it('goes on when only the answer to a renewal was lost', async () => {
      const lease = await acquire()
      store.after = () => {
        throw new Error('connection reset')
      }
      await clock.advance(TTL / 3)
      store.after = () => undefined
      await clock.advance(2 * TTL)
      lease.assertHeld()
      expect(lease.lost.aborted).to.equal(false)
    })

    it('notices on waking from a pause that its time has passed, before it writes', async () => {
      const lease = await acquire()
      clock.pause(TTL)
      const other = await acquire('bob')
      expect(() => {
        lease.assertHeld()
      })
        .to.throw('lost its lease')
        .with.property('code', 'LEASE_LOST')
      expect(lease.lost.aborted).to.equal(true)
      await clock.advance(TTL)
      other.assertHeld()
      expect(heldBy()).to.equal('bob')
    })

    it('does not write either when its overdue renewal wakes first', async () => {
      const lease = await acquire()
      clock.pause(TTL)
      await clock.advance(0)
      expect(lease.lost.aborted).to.equal(true)
      expect(store.bodies).to.have.length(1)
    })
  })
})
