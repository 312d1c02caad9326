import { expect } from 'chai'
import { takeOverLease } from '../../src/engine/lease-acquire.js'
import type { Lease } from '../../src/engine/lease.js'
import { settle } from './fake-cloud.js'
import { LeaseLab, TTL, verdict } from './lease-lab.js'

/** Later than the renewal is due, and long before the lease expires. */
const OVERDUE = TTL / 2

describe('Lease, confirmed before a write', () => {
  const lab = new LeaseLab()
  /** Whether a write that begins now may go on: `waiting` as long as that is not known. */
  const write = (lease: Lease) => {
    const asked = { answer: 'waiting' }
    lease.confirm().then(
      () => (asked.answer = 'go on'),
      (error: Error) => (asked.answer = error.message),
    )
    return asked
  }
  const failNetwork = () => {
    lab.store.before = () => {
      throw new Error('no network')
    }
  }
  const broken = () => takeOverLease(lab.store, { ...lab.store.stored!, readAt: 0 }, lab.options('bob'))

  it('costs nothing as long as renewals come through', async () => {
    const lease = await lab.acquire()
    let reads = 0
    lab.store.before = (call) => {
      if (call === 'read') reads++
    }
    for (let second = 0; second < 100; second++) {
      await lab.clock.advance(1000)
      const { bodies } = lab.store
      const before = bodies.length
      const asked = write(lease)
      await settle()
      expect(asked.answer).to.equal('go on')
      expect(bodies.length).to.equal(before)
    }
    expect(reads).to.equal(0)
  })

  it('a process that was paused for less than the ttl waits for its renewal, then goes on', async () => {
    const lease = await lab.acquire()
    lab.clock.pause(OVERDUE)
    const asked = write(lease)
    await settle()
    expect(asked.answer).to.equal('waiting')
    await lab.clock.advance(100)
    expect(asked.answer).to.equal('go on')
    expect(lab.store.bodies).to.have.length(2)
  })

  it('a process whose lease was broken while it was paused does not write once more', async () => {
    const lease = await lab.acquire()
    lab.clock.pause(OVERDUE)
    await broken()
    expect(verdict(lease), 'as far as it knows').to.equal('held')
    const asked = write(lease)
    await lab.clock.advance(100)
    expect(asked.answer).to.contain('bob on buildbox').and.contain('took it over')
    expect(lab.heldBy()).to.equal('bob')
  })

  it('waits while the network fails, and goes on when it is back', async () => {
    const lease = await lab.acquire()
    failNetwork()
    await lab.clock.advance(OVERDUE)
    const asked = write(lease)
    await lab.clock.advance(TTL / 6)
    expect(asked.answer).to.equal('waiting')
    lab.store.before = () => undefined
    await lab.clock.advance(TTL / 12)
    expect(asked.answer).to.equal('go on')
  })

  it('is refused when the network fails for as long as the ttl', async () => {
    const lease = await lab.acquire()
    failNetwork()
    await lab.clock.advance(OVERDUE)
    const asked = write(lease)
    await lab.clock.advance(TTL)
    expect(asked.answer).to.contain('could not be renewed')
    expect(lab.clock.timers).to.equal(0)
  })

  it('one renewal that never gets an answer costs neither the lease nor the write', async () => {
    const lease = await lab.acquire()
    let hung = 0
    lab.store.before = (call) =>
      call === 'replace' && hung++ === 0 ? new Promise(() => undefined) : undefined
    await lab.clock.advance(OVERDUE)
    const asked = write(lease)
    await lab.clock.advance(TTL)
    expect(asked.answer).to.equal('go on')
    expect(verdict(lease)).to.equal('held')
  })

  it('is refused once the lease was given back, and not asked for any more once it was detached', async () => {
    const given = await lab.acquire()
    lab.clock.pause(OVERDUE)
    const asked = write(given)
    await given.release()
    await lab.clock.advance(100)
    expect(asked.answer).to.contain('it was released')

    const left = await lab.acquire()
    left.detach()
    lab.clock.pause(10 * TTL)
    const after = write(left)
    await settle()
    expect(after.answer).to.equal('go on')
  })
})
