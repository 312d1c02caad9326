import { expect } from 'chai'
import { FakeClock } from './fake-lease-store.js'
import { GRACE, LeaseLab, refusal, TTL, verdict } from './lease-lab.js'

const MINUTES = 60_000

/** The clock of the store is right; the others are what each test says. */
describe('Lease, with clocks that are wrong', () => {
  const lab = new LeaseLab()
  const another = (wrongMs: number) => Object.assign(new FakeClock(), { wrongMs })

  for (const wrong of [-5 * MINUTES, 5 * MINUTES]) {
    const words = wrong < 0 ? '5 minutes behind' : '5 minutes ahead'

    it(`is not taken from one that lives by a machine that is ${words}`, async () => {
      await lab.acquire()
      const error = await refusal(lab.acquire('bob', { clock: another(wrong) }))
      expect(error.code).to.equal('LEASE_HELD')
      expect(error.message).to.contain('since 2026-03-01T12:00:00.000Z')
      expect(error.message).to.contain('until 2026-03-01T12:01:05.000Z')
    })

    it(`is taken from one that is dead by a machine that is ${words}, in time`, async () => {
      await lab.acquire()
      const clock = another(wrong)
      for (const one of [clock, lab.clock]) one.pause(TTL + GRACE)
      const lease = await lab.acquire('bob', { clock })
      expect(verdict(lease)).to.equal('held')
      expect(lab.heldBy()).to.equal('bob')
    })

    it(`lasts for a holder that is ${words}, and others are told the right times`, async () => {
      lab.clock.wrongMs = wrong
      const lease = await lab.acquire()
      await lab.clock.advance(3 * TTL)
      expect(verdict(lease)).to.equal('held')
      const error = await refusal(lab.acquire('bob', { clock: another(0) }))
      expect(error.message).to.contain('since 2026-03-01T12:00:00.000Z')
      expect(error.message).to.contain('until 2026-03-01T12:04:05.000Z')
    })
  }

  it('is lost in time when the clock of its holder was set back', async () => {
    const lease = await lab.acquire()
    lab.store.before = () => {
      throw new Error('no network')
    }
    lab.clock.wrongMs = -5 * MINUTES
    await lab.clock.advance(TTL - 1)
    expect(verdict(lease)).to.equal('held')
    await lab.clock.advance(1)
    expect(verdict(lease)).to.contain('could not be renewed')
  })

  it('is lost by a holder whose machine slept: timers and the steady clock stood still', async () => {
    const lease = await lab.acquire()
    lab.clock.suspend(TTL + GRACE)
    expect(verdict(lease)).to.contain('could not be renewed')
    await lab.acquire('bob', { clock: another(0) })
    expect(lab.heldBy()).to.equal('bob')
  })
})
