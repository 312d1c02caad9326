import { expect } from 'chai'
import { LeaseHeldError } from '../../src/engine/lease-errors.js'
import { parseRecord } from '../../src/engine/lease-record.js'
import { ExitCode, type DatapipeError } from '../../src/errors.js'
import { GRACE, LeaseLab, refusal, TTL } from './lease-lab.js'

describe('Lease, taken', () => {
  const lab = new LeaseLab()

  it('takes a free one', async () => {
    const lease = await lab.acquire()
    lease.assertHeld()
    expect(lab.heldBy()).to.equal('ada')
    expect(lease.lost.aborted).to.equal(false)
  })

  it('is refused while another run holds it: says who, since when, until when, and what to do', async () => {
    await lab.acquire()
    await lab.clock.advance(30_000)
    const error = await refusal(lab.acquire('bob'))
    expect(error).to.be.instanceOf(LeaseHeldError)
    expect(error.code).to.equal('LEASE_HELD')
    expect(error.exitCode).to.equal(ExitCode.leaseHeld)
    expect(error.message).to.contain('ada on buildbox (process 42, `datapipe up --env dev`)')
    expect(error.message).to.contain('since 2026-03-01T12:00:00.000Z')
    // Renewed after 20 s, for a minute; and a few seconds.
    expect(error.message).to.contain('until 2026-03-01T12:01:25.000Z')
    expect(error.suggestions.join(' ')).to.contain('expires by itself at 2026-03-01T12:01:25.000Z')
    const { id } = parseRecord(lab.store.stored!.body)!
    expect(error.suggestions.join(' ')).to.contain(`datapipe unlock --env dev --lease ${id}`)
    expect(error.result).to.deep.equal({
      id,
      holder: { user: 'ada', host: 'buildbox', pid: 42, command: 'datapipe up --env dev' },
      acquiredAt: '2026-03-01T12:00:00.000Z',
      expiresAt: '2026-03-01T12:01:25.000Z',
    })
    expect(lab.heldBy()).to.equal('ada')
  })

  it('is taken over at once from a holder that lives no more, and only then', async () => {
    await lab.acquire()
    const asked: string[] = []
    const acquireKnowing = (gone: boolean) =>
      lab.acquire('bob', {
        isGone: ({ user }) => {
          asked.push(user)
          return Promise.resolve(gone)
        },
      })
    expect((await refusal(acquireKnowing(false))).code).to.equal('LEASE_HELD')
    const lease = await acquireKnowing(true)
    lease.assertHeld()
    expect(lab.heldBy()).to.equal('bob')
    expect(asked).to.deep.equal(['ada', 'ada'])
  })

  it('of two that try at once exactly one gets it', async () => {
    const attempts = await Promise.allSettled([lab.acquire('ada'), lab.acquire('bob')])
    expect(attempts.map(({ status }) => status).toSorted()).to.deep.equal(['fulfilled', 'rejected'])
    const [winner] = attempts.flatMap((one, at) => (one.status === 'fulfilled' ? [['ada', 'bob'][at]] : []))
    expect(lab.heldBy()).to.equal(winner)
  })

  it('takes over one that has expired, to the millisecond', async () => {
    await lab.acquire()
    lab.clock.pause(TTL + GRACE - 1)
    expect((await refusal(lab.acquire('bob'))).code).to.equal('LEASE_HELD')
    lab.clock.pause(1)
    const lease = await lab.acquire('bob')
    lease.assertHeld()
    expect(lab.heldBy()).to.equal('bob')
  })

  it('of two that take over an expired one exactly one gets it, the other hears who', async () => {
    await lab.acquire('gone')
    lab.clock.pause(TTL + GRACE)
    const attempts = await Promise.allSettled([lab.acquire('ada'), lab.acquire('bob')])
    const refused = attempts.flatMap((one) =>
      one.status === 'rejected' ? [one.reason as DatapipeError] : [],
    )
    expect(refused.map(({ code }) => code)).to.deep.equal(['LEASE_HELD'])
    expect(refused[0]!.message).to.contain(`${lab.heldBy()} on`).and.not.to.contain('gone')
  })

  it('takes one that was released between two looks', async () => {
    const first = await lab.acquire()
    let looked = false
    lab.store.before = async (call) => {
      if (call !== 'read' || looked) return
      looked = true
      await first.release()
    }
    await lab.acquire('bob')
    expect(lab.heldBy()).to.equal('bob')
  })

  it('recognises its own write when only the answer was lost', async () => {
    const create = lab.store.create.bind(lab.store)
    lab.store.create = async (body) => {
      await create(body)
      return undefined
    }
    const lease = await lab.acquire()
    lease.assertHeld()
    expect(await lease.release()).to.equal(true)
    expect(lab.store.stored).to.equal(undefined)
  })

  it('recognises its own take-over when only the answer was lost', async () => {
    await lab.acquire('gone')
    lab.clock.pause(TTL + GRACE)
    const replace = lab.store.replace.bind(lab.store)
    lab.store.replace = async (body, etag) => {
      await replace(body, etag)
      return undefined
    }
    const lease = await lab.acquire()
    lease.assertHeld()
    expect(lab.heldBy()).to.equal('ada')
  })

  it('does not touch what is no lease', async () => {
    lab.store.stored = { body: '{"not":"a lease"}', etag: 'x', writtenAt: 0 }
    const error = await refusal(lab.acquire())
    expect(error.code).to.equal('LEASE_UNREADABLE')
    expect(error.exitCode).to.equal(ExitCode.leaseHeld)
    expect(error.suggestions.join(' ')).to.contain('datapipe unlock --env dev')
    expect(lab.store.stored.etag).to.equal('x')
  })

  it('gives up on a store that neither takes nor shows a lease', async () => {
    lab.store.create = () => Promise.resolve(undefined)
    expect((await refusal(lab.acquire())).code).to.equal('LEASE_CONTENDED')
  })
})
