import { expect } from 'chai'
import { ALL_FAULTS } from '../../support/faults.js'
import { startMoto, type Moto } from '../../support/moto.js'
import { figures, story } from '../../support/weather/figures.js'
import { References, weatherRun, type RunOutcome } from '../../support/weather/run.js'
import { chosenSeeds, chosenWeather } from '../../support/weather/seeds.js'

describe('an environment from up to down, in random weather', function () {
  this.timeout(600_000)
  let moto: Moto
  let references: References
  const outcomes: RunOutcome[] = []

  before(async () => {
    moto = await startMoto()
    references = new References(moto.endpoint)
  })
  after(async () => {
    await moto.stop()
    console.log(`      ${figures(outcomes)}`)
  })

  for (const seed of chosenSeeds(process.env, ALL_FAULTS ? 200 : 2)) {
    it(`ends right, whatever happens to its calls: seed ${seed}`, async () => {
      const outcome = await weatherRun(seed, moto.endpoint, references, chosenWeather(process.env))
      outcomes.push(outcome)
      if (process.env.WEATHER_TELL !== undefined) console.log(story(outcome))
      expect(outcome.violations, story(outcome)).to.deep.equal([])
    })
  }
})
