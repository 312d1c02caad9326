import { expect } from 'chai'
import { CallLog, longestChain, type Call } from '../../support/weather/call-log.js'

const call = (name: string, start: number, end: number): Call => ({ name, start, end })
const path = (calls: Call[]) => longestChain(calls).map(({ name }) => name)

describe('the log of calls', () => {
  it('finds the chain of calls that took longest, each after the one before had ended', () => {
    expect(path([])).to.deep.equal([])
    expect(path([call('a', 0, 10), call('b', 0, 4), call('c', 4, 9)])).to.deep.equal(['a'])
    expect(path([call('a', 0, 10), call('b', 0, 6), call('c', 6, 11)])).to.deep.equal(['b', 'c'])
    expect(
      path([call('wait', 0, 100), call('a', 0, 40), call('b', 40, 90), call('last', 100, 120)]),
    ).to.deep.equal(['wait', 'last'])
  })

  it('finds the best chain of many, as trying all of them would', () => {
    for (let seed = 1; seed <= 60; seed++) {
      let state = seed
      const next = (below: number) => (state = (state * 48_271) % 2_147_483_647) % below
      const calls = Array.from({ length: 9 }, (_, index) => {
        const start = next(60)
        return call(String(index), start, start + 1 + next(25))
      })
      const total = (chain: readonly Call[]) => chain.reduce((sum, { end, start }) => sum + end - start, 0)
      const best = Math.max(
        ...Array.from({ length: 2 ** calls.length }, (_, chosen) => {
          const chain = calls
            .filter((_one, index) => (chosen & (2 ** index)) !== 0)
            .sort((a, b) => a.end - b.end)
          return chain.every((one, index) => index === 0 || chain[index - 1]!.end <= one.start)
            ? total(chain)
            : 0
        }),
      )
      expect(total(longestChain(calls)), `seed ${seed}`).to.equal(best)
    }
  })

  it('counts calls by action, and leaves out what has not ended', () => {
    const log = new CallLog()
    const ends = ['s3:PutObject', 's3:PutObject', 'iam:GetRole'].map((name) => log.begin(name))
    for (const end of ends) end()
    log.begin('s3:CreateBucket')
    const { byAction, calls, criticalShare } = log.report()
    expect(calls).to.equal(3)
    expect(byAction.map(({ calls: count, name }) => [name, count])).to.deep.equal([
      ['s3:PutObject', 2],
      ['iam:GetRole', 1],
    ])
    expect(criticalShare).to.be.within(0, 1)
  })
})
