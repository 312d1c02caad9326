import { isDeepStrictEqual } from 'node:util'
import type { DownResult } from '../../../src/operate/provision/down.js'
import { User } from '../cli.js'
import { resetMoto } from '../moto.js'
import { present, snapshot } from '../snapshot.js'
import { attempt, type Attempt } from './command.js'
import { startUnderWeather, type UnderWeather } from './start.js'
import type { Injected } from './kinds.js'
import type { WeatherOptions } from './weather.js'
import { configOf, contentOf, scenarioOf, type File, type Scenario } from './variants.js'

export interface Ended extends Pick<Attempt, 'code' | 'error' | 'message'> {
  command: string
  ms: number
}

export interface RunOutcome {
  seed: number
  scenario: Scenario
  /** Every attempt of every command, in order. */
  commands: Ended[]
  calls: number
  injected: Injected[]
  violations: string[]
}

type State = Awaited<ReturnType<typeof snapshot>>

/** How often a command is run again that ended with an error. */
const ATTEMPTS = 6

const settings = (endpoint: string) => ({
  AWS_ENDPOINT_URL: endpoint,
  AWS_REGION: 'eu-north-1',
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
})

/** What an undisturbed `up` makes of each variant; one emulator after the other, so that it can be the one of the runs. */
export class References {
  readonly #known = new Map<string, State>()

  constructor(private readonly emulator: string) {}

  /** Leaves the emulator empty. */
  async of(variant: string): Promise<State> {
    const known = this.#known.get(variant)
    if (known !== undefined) return known
    await resetMoto(this.emulator)
    const calm = await startUnderWeather(this.emulator, { seed: 0, rate: 0 })
    const user = await User.create(settings(calm.endpoint))
    try {
      await user.write('datapipe.yaml', configOf(variant))
      const { code, message } = await attempt(user, ['up', '--yes'])
      if (code !== 0) throw new Error(`up of ${variant} fails in calm weather: ${message ?? code}`)
      const state = await snapshot(this.emulator)
      this.#known.set(variant, state)
      return state
    } finally {
      await user.leave()
      await calm.stop()
      await resetMoto(this.emulator)
    }
  }
}

/**
 * One environment from `up` to `down` in the weather of this seed. Each command has to end well, or to say clearly what is
 * wrong and to end well when it is run again; then the state, and the rows, have to be right.
 */
export async function weatherRun(
  seed: number,
  emulator: string,
  references: References,
  options: Pick<WeatherOptions, 'kinds' | 'rate'> = {},
): Promise<RunOutcome> {
  const scenario = scenarioOf(seed)
  const reference = await references.of(scenario.variants[1])
  await resetMoto(emulator)
  const aws = await startUnderWeather(emulator, {
    latencyMs: 5,
    slowMs: 400,
    unseenMs: 800,
    ...options,
    seed,
  })
  const user = await User.create(settings(aws.endpoint))
  const run = new Run(user, aws)
  try {
    await run.environment(scenario, () => snapshot(emulator), reference)
  } catch (error) {
    if (!(error instanceof GivenUp)) throw error
  } finally {
    await user.leave()
    await aws.stop()
  }
  const { commands, violations } = run
  const { injected } = aws.weather
  return { seed, scenario, commands, calls: aws.log.calls.length, injected, violations }
}

/** Each change of the task definition is another revision, and the last ones are kept. */
function comparable(state: State): State {
  return Object.fromEntries(Object.entries(state).filter(([kind]) => kind !== 'taskDefinitions'))
}

class GivenUp extends Error {}

class Run {
  readonly commands: Ended[] = []
  readonly violations: string[] = []

  constructor(
    private readonly user: User,
    private readonly aws: UnderWeather,
  ) {}

  async environment(scenario: Scenario, look: () => Promise<State>, reference: State): Promise<void> {
    const { corrected, files, variants } = scenario
    for (const variant of variants) {
      await this.user.write('datapipe.yaml', configOf(variant))
      await this.#insist('up', '--yes')
    }
    this.#expect('the state after up', comparable(await look()), comparable(reference))
    await this.#load(files, files)
    if (corrected !== undefined) await this.#load([corrected], [corrected, ...files.slice(1)])
    const gone = (await this.#insist('down', '--delete-data', '--confirm', 'dev')) as DownResult
    this.#expect('verifiedEmpty', gone.verifiedEmpty, true)
    this.#expect('what is left after down', present(await look()), {})
  }

  /** Uploads, runs, and counts what is in the table. */
  async #load(files: readonly File[], all: readonly File[]): Promise<void> {
    for (const file of files) await this.user.write(file.name, contentOf(file))
    await this.#insist('upload', ...files.map(({ name }) => name))
    await this.#insist('run', '--watch')
    const { rows } = (await this.#insist(
      'query',
      'select count(*), count(distinct id), sum(id) from readings',
    )) as { rows: unknown[][] }
    const ids = all.flatMap((file) => file.ids)
    const sum = ids.reduce((total, id) => total + id, 0)
    this.#expect('rows, different rows, sum', rows[0]?.map(Number), [ids.length, ids.length, sum])
  }

  /** Runs a command again until it ends well. @returns its result */
  async #insist(...args: string[]): Promise<unknown> {
    for (let tries = 0; tries < ATTEMPTS; tries++) {
      this.aws.weather.startCommand()
      const start = performance.now()
      const { code, error, message, result, violations } = await attempt(this.user, args)
      const command = args.join(' ')
      this.commands.push({ command, code, error, message, ms: performance.now() - start })
      this.violations.push(...violations.map((what) => `${command}: ${what}`))
      if (code === 0) return result
      if (code === null) break
    }
    this.violations.push(`${args.join(' ')} does not end well in ${ATTEMPTS} attempts`)
    throw new GivenUp()
  }

  #expect(what: string, seen: unknown, wanted: unknown): void {
    if (isDeepStrictEqual(seen, wanted)) return
    this.violations.push(`${what}: ${JSON.stringify(seen)}, not ${JSON.stringify(wanted)}`)
  }
}
