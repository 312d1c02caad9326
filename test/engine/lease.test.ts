import { expect } from 'chai'
import { GRACE, LeaseLab, refusal, TTL, verdict } from './lease-lab.js'

describe('Lease, kept', () => {
  const lab = new LeaseLab()

  it('renews it for as long as it lives, and never writes the same twice', async () => {
    const lease = await lab.acquire()
    await lab.clock.advance(10 * TTL)
    lease.assertHeld()
    expect((await refusal(lab.acquire('bob'))).code).to.equal('LEASE_HELD')
    expect(lab.store.bodies.length).to.be.greaterThan(25)
    expect(new Set(lab.store.bodies).size).to.equal(lab.store.bodies.length)
  })

  it('is lost at the next renewal when somebody took it over', async () => {
    const lease = await lab.acquire()
    const body = lab.store.stored!.body.replace(/"id": "[^"]+"/, '"id": "other"').replace('"ada"', '"bob"')
    lab.store.stored = { body, etag: 'other', writtenAt: lab.clock.truth }
    lease.assertHeld()
    await lab.clock.advance(TTL / 3)
    expect(lease.lost.aborted).to.equal(true)
    expect(lease.lost.reason).to.have.property('code', 'LEASE_LOST')
    expect(verdict(lease)).to.contain('bob on buildbox (process 42, `datapipe up --env dev`) took it over')
    expect(lab.clock.timers).to.equal(0)
  })

  it('is lost at the next renewal when somebody removed it', async () => {
    const lease = await lab.acquire()
    lab.store.stored = undefined
    await lab.clock.advance(TTL / 3)
    expect(lease.lost.aborted).to.equal(true)
    expect(lab.store.stored).to.equal(undefined)
  })

  it('survives a network that fails for less than the ttl', async () => {
    const lease = await lab.acquire()
    lab.store.before = () => {
      throw new Error('no network')
    }
    await lab.clock.advance(TTL - 7000)
    lease.assertHeld()
    lab.store.before = () => undefined
    await lab.clock.advance(TTL)
    lease.assertHeld()
    expect(lease.lost.aborted).to.equal(false)
  })

  it('is lost when the network fails for as long as the ttl', async () => {
    const lease = await lab.acquire()
    lab.store.before = () => {
      throw new Error('no network')
    }
    await lab.clock.advance(TTL)
    expect(lease.lost.aborted).to.equal(true)
    expect(verdict(lease)).to.contain('expired at 2026-03-01T12:01:00.000Z')
  })

  it('is lost when a renewal hangs for as long as the ttl', async () => {
    const lease = await lab.acquire()
    lab.store.before = () => new Promise(() => undefined)
    await lab.clock.advance(TTL)
    expect(lease.lost.aborted).to.equal(true)
  })

  it('goes on when only the answer to a renewal was lost', async () => {
    const lease = await lab.acquire()
    lab.store.after = () => {
      throw new Error('connection reset')
    }
    await lab.clock.advance(TTL / 3)
    lab.store.after = () => undefined
    await lab.clock.advance(2 * TTL)
    lease.assertHeld()
    expect(lease.lost.aborted).to.equal(false)
  })

  it('notices on waking from a pause that its time has passed, before it writes', async () => {
    const lease = await lab.acquire()
    lab.clock.pause(TTL + GRACE)
    const other = await lab.acquire('bob')
    expect(() => {
      lease.assertHeld()
    })
      .to.throw('lost its lease')
      .with.property('code', 'LEASE_LOST')
    expect(lease.lost.aborted).to.equal(true)
    await lab.clock.advance(TTL)
    other.assertHeld()
    expect(lab.heldBy()).to.equal('bob')
  })

  it('does not write either when its overdue renewal wakes first', async () => {
    const lease = await lab.acquire()
    lab.clock.pause(TTL)
    await lab.clock.advance(0)
    expect(lease.lost.aborted).to.equal(true)
    expect(lab.store.bodies).to.have.length(1)
  })
})
