import { expect } from 'chai'
import type { DownResult } from '../../../src/operate/provision/down.js'
import { User } from '../../support/cli.js'
import { ALL_FAULTS, faultPositions } from '../../support/faults.js'
import { resetMoto, startMoto, type Moto } from '../../support/moto.js'
import { startProxy, type Proxy } from '../../support/proxy.js'
import { expectStopped, isLeased, SIGNALS, stop } from './stopped.js'

const ROWS = 500
const CONFIG = 'datasets: { temperature: { match: "*measurement_data.csv" } }\n'

function csv(): string {
  const lines = ['time,measurement']
  for (let n = 0; n < ROWS; n++)
    lines.push(`2023-07-01T${String(n % 24).padStart(2, '0')}:00:00,${20 + (n % 7)}`)
  return `${lines.join('\n')}\n`
}

interface Scenario {
  name: string
  /** Every how many calls a signal comes in the sample. */
  step: number
  /** @returns what to stop, and to run again */
  prepare: () => Promise<string[]>
  /** What the repeated command must have brought about. */
  check: () => Promise<void>
}

describe('signals at any call to AWS', function () {
  this.timeout(ALL_FAULTS ? 7_200_000 : 300_000)
  let moto: Moto
  let proxy: Proxy
  let user: User
  let calls = 0
  let onCall: () => void = () => undefined

  before(async () => {
    moto = await startMoto()
    proxy = await startProxy(moto.endpoint, () => {
      calls++
      onCall()
      return false
    })
    user = await User.create({
      AWS_ENDPOINT_URL: proxy.endpoint,
      AWS_REGION: 'eu-north-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    })
    await user.write('datapipe.yaml', CONFIG)
  })
  after(async () => {
    await user.leave()
    await proxy.stop()
    await moto.stop()
  })

  const ok = async (...args: string[]) => {
    const { code, error, result } = await user.json<Record<string, unknown>>(...args, '--env', 'dev')
    expect(code, `${args.join(' ')}: ${JSON.stringify(error)}`).to.equal(0)
    return result
  }
  const isComplete = async () => {
    const { code, stdout } = await user.run('plan', '--env', 'dev', '--detailed-exitcode')
    expect(code, stdout).to.equal(0)
  }
  let files = 0
  /** A file that nobody has seen before. */
  const newFile = () => user.write(`${++files}_measurement_data.csv`, csv())
  const isLoaded = async () => {
    const { rows } = await ok('query', 'select count(*) from temperature')
    expect(rows).to.deep.equal([[files * ROWS]])
  }
  const empty = () => resetMoto(moto.endpoint)

  const SCENARIOS: Scenario[] = [
    {
      name: 'upload',
      step: 4,
      prepare: async () => ['upload', await newFile()],
      check: async () => {
        await ok('run', '--watch')
        await isLoaded()
      },
    },
    {
      name: 'run',
      step: 60,
      prepare: async () => {
        await ok('upload', await newFile())
        return ['run', '--watch']
      },
      check: isLoaded,
    },
    {
      name: 'up',
      step: 170,
      prepare: async () => {
        await empty()
        return ['up']
      },
      check: isComplete,
    },
    {
      name: 'down',
      step: 300,
      prepare: async () => {
        await empty()
        await ok('up')
        return ['down', '--delete-data', '--confirm', 'dev']
      },
      check: async () => {
        const gone = (await ok('down', '--delete-data', '--confirm', 'dev')) as unknown as DownResult
        expect(gone).to.deep.include({ verifiedEmpty: true, leftovers: [] })
      },
    },
  ]

  before(async () => {
    await ok('up')
  })

  for (const [index, { check, name, prepare, step }] of SCENARIOS.entries()) {
    it(`stop ${name}, and the same command again does the rest`, async () => {
      let turn = index
      let tried = 0
      for (const position of faultPositions(`interrupts ${name}`, step)) {
        const args = await prepare()
        calls = 0
        const reached = new Promise<void>((resolve) => {
          onCall = () => {
            if (calls > position) resolve()
          }
        })
        const stopped = await stop(user.start(...args, '--env', 'dev'), reached, SIGNALS[turn++ % 3]!)
        onCall = () => undefined
        const where = `${name}, signal at call ${position + 1}`
        // It had ended, or had nothing left to do but to say so.
        if (calls <= position || !stopped.wasSignalled || stopped.code === 0) break
        tried++
        await expectStopped(stopped, user.folder)
        expect(await isLeased(moto.endpoint, 'dev'), where).to.equal(false)
        await ok(...args)
        await check()
      }
      expect(tried, 'signals that came in time').to.be.greaterThan(0)
    })
  }
})
