import { expect } from 'chai'
import { ALL_FAULTS } from '../../support/faults.js'
import { KillEverywhere } from '../../support/kill/everywhere.js'
import type { Kill } from '../../support/kill/scenario.js'
import { DATA } from './data.js'
import { ENVIRONMENT } from './environment.js'

describe('kill -9', function () {
  this.timeout(ALL_FAULTS ? 14_400_000 : 900_000)
  let everywhere: KillEverywhere
  before(async () => {
    everywhere = await KillEverywhere.start()
  })
  after(() => everywhere.stop())

  for (const scenario of [...ENVIRONMENT, ...DATA]) {
    it(`${scenario.name}, killed and run again: as if it had never been killed`, async () => {
      const violated: Kill[] = []
      let tried = 0
      const kills = await everywhere.all(scenario, (kill) => {
        if (++tried % 25 === 0)
          console.log(`      ${scenario.name}: ${tried} kills, at ${kill.position} of ${kill.of}`)
        if (kill.violations.length === 0) return
        violated.push(kill)
        console.log(describeKill(kill))
      })
      const [{ of } = { of: 0 }] = kills
      console.log(
        `      ${scenario.name}: ${of} ${scenario.by ?? 'calls'}, ${kills.length} kills, ${violated.length} violations`,
      )
      expect(kills, 'kills').not.to.deep.equal([])
      expect(violated.map(describeKill), 'violations').to.deep.equal([])
    })
  }
})

function describeKill({ at, manner, of, position, violations }: Kill): string {
  const how = manner === 'before' ? 'before' : 'having done, but not told,'
  return [`killed at ${position} of ${of}, ${how} ${at}`, ...violations.map((line) => `  ${line}`)].join('\n')
}
