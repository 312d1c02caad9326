import { expect } from 'chai'
import { acquireLease, type LeaseOptions } from '../../src/engine/lease-acquire.js'
import { parseRecord } from '../../src/engine/lease-record.js'
import type { Lease } from '../../src/engine/lease.js'
import type { DatapipeError } from '../../src/errors.js'
import { FakeClock, MemoryLeaseStore } from './fake-lease-store.js'

/** How long the leases of the tests last, and how long after that others take them. */
export const TTL = 60_000
export const GRACE = 5_000

/** A new store and a new clock for each test of the suite it is made in. */
export class LeaseLab {
  clock = new FakeClock()
  store = new MemoryLeaseStore(this.clock)

  constructor() {
    beforeEach(() => {
      this.clock = new FakeClock()
      this.store = new MemoryLeaseStore(this.clock)
    })
  }

  options(user = 'ada'): LeaseOptions {
    const holder = { user, host: 'buildbox', pid: 42, command: 'datapipe up --env dev' }
    return { holder, environment: 'dev', clock: this.clock }
  }

  acquire(user = 'ada', options: Partial<LeaseOptions> = {}): Promise<Lease> {
    return acquireLease(this.store, { ...this.options(user), ...options })
  }

  heldBy(): string | undefined {
    return parseRecord(this.store.stored?.body ?? '')?.holder.user
  }
}

/** What it is refused with. */
export async function refusal(attempt: Promise<unknown>): Promise<DatapipeError> {
  try {
    await attempt
  } catch (error) {
    return error as DatapipeError
  }
  return expect.fail('it should have been refused')
}

/** What a lease says to a write right now. */
export function verdict(lease: Lease): string {
  try {
    lease.assertHeld()
    return 'held'
  } catch (error) {
    return (error as DatapipeError).message
  }
}
