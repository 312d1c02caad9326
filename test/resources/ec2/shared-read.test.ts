import { expect } from 'chai'
import { SharedRead } from '../../../src/resources/ec2/shared-read.js'

describe('SharedRead', () => {
  let loads: number
  let now: number
  let shared: SharedRead<number>

  beforeEach(() => {
    loads = 0
    now = 0
    shared = new SharedRead(
      async () => ++loads,
      () => now,
    )
  })

  it('gives readers at the same time and shortly after the same answer', async () => {
    expect(await Promise.all([shared.get(), shared.get()])).to.deep.equal([1, 1])
    now = 4999
    expect(await shared.get()).to.equal(1)
  })

  it('looks again when the answer is old', async () => {
    await shared.get()
    now = 5000
    expect(await shared.get()).to.equal(2)
  })

  it('looks again when told to', async () => {
    await shared.get()
    expect(await shared.fresh()).to.equal(2)
    expect(await shared.get()).to.equal(2)
  })

  it('looks again after a change, and does not keep what was read while it was made', async () => {
    await shared.changing(async () => {
      expect(await shared.get()).to.equal(1)
    })
    expect(await shared.get()).to.equal(2)
  })

  it('looks again after a change that failed halfway', async () => {
    await shared.get()
    const failure = new Error('halfway')
    const result = await shared
      .changing(async () => {
        throw failure
      })
      .catch((error: unknown) => error)
    expect(result).to.equal(failure)
    expect(await shared.get()).to.equal(2)
  })

  it('does not keep a failure', async () => {
    let broken = true
    const flaky = new SharedRead(async () => {
      if (broken) throw new Error('throttled')
      return 'fine'
    })
    expect(await flaky.get().catch((error: unknown) => (error as Error).message)).to.equal('throttled')
    broken = false
    expect(await flaky.get()).to.equal('fine')
  })
})
