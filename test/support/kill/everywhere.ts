import { readFile, rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { finished } from '../cli.js'
import { ALL_FAULTS } from '../faults.js'
import { attempts, inShard } from './attempts.js'
import { compare, type Seen } from './compare.js'
import { folderState } from './folder.js'
import type { Manner } from './killer.js'
import { Places } from './places.js'
import type { Kill, Place, Preparation, Scenario } from './scenario.js'
import { kill, survivors } from './victims.js'

const STEPS = fileURLToPath(new URL('steps.js', import.meta.url))
const NOTHING: Preparation = { make: () => Promise.resolve() }
/** How long what a killed process has started may live on. */
const PATIENCE_MS = 60_000

/** A run that ended, or was killed at something. */
interface Ended {
  code: number | null
  stderr: string
  /** Calls or steps. */
  count: number
  at: string | undefined
}

/** Kills commands at every call that they make, or at a sample of them, and compares what the next run makes of it. */
export class KillEverywhere {
  readonly #preparations = new Map<Preparation, Promise<Place>>()

  private constructor(private readonly places: Places) {}

  static async start(): Promise<KillEverywhere> {
    return new KillEverywhere(await Places.open())
  }

  stop(): Promise<void> {
    return this.places.close()
  }

  /** @param onKill told of each, as soon as its outcome is known */
  async all(scenario: Scenario, onKill: (kill: Kill) => void): Promise<Kill[]> {
    const prepared = await this.#prepared(scenario.prepared)
    const { count, expected } = await this.#undisturbed(scenario, prepared)
    const kills: Kill[] = []
    for (const { index, manner, position } of attempts(scenario, count)) {
      if (!inShard(index)) continue
      const place = await this.places.make(prepared)
      const { at } = await this.#run(scenario, place, position, manner)
      // It may have ended before: the number of calls varies a little.
      if (at !== undefined) {
        const violations = await this.#judge(scenario, place, expected)
        kills.push({ position, of: count, manner, at, violations })
        onKill({ position, of: count, manner, at, violations })
      }
      await this.places.leave(place)
    }
    return kills
  }

  #prepared(preparation: Preparation = NOTHING): Promise<Place> {
    const known = this.#preparations.get(preparation)
    if (known !== undefined) return known
    const made = (async () => {
      const before = preparation.after && (await this.#prepared(preparation.after))
      const place = await this.places.make(before)
      await preparation.make(place)
      return place
    })()
    this.#preparations.set(preparation, made)
    return made
  }

  /**
   * Twice, when there is time: what differs between two runs that nobody disturbed would be no violation, but a hole in the
   * comparison.
   */
  async #undisturbed(scenario: Scenario, prepared: Place): Promise<{ expected: Seen; count: number }> {
    const run = async () => {
      const place = await this.places.make(prepared)
      const { code, count, stderr } = await this.#run(scenario, place)
      if (code !== 0) throw new Error(`${scenario.name} ended with ${String(code)}, undisturbed:\n${stderr}`)
      const seen = await this.#look(scenario, place)
      await this.places.leave(place)
      return { seen, count }
    }
    const first = await run()
    const second = ALL_FAULTS ? await run() : first
    const differences = compare(first.seen, second.seen)
    if (differences.length > 0) {
      throw new Error(`Two undisturbed runs of ${scenario.name} differ:\n${differences.join('\n')}`)
    }
    return { expected: first.seen, count: Math.max(first.count, second.count) }
  }

  /** What is wrong after a kill, and after the command was run again. */
  async #judge(scenario: Scenario, place: Place, expected: Seen): Promise<string[]> {
    const broken = (await scenario.invariant?.(place)) ?? []
    const again = await place.run(...scenario.command)
    const left = await survivors(place.folder, PATIENCE_MS)
    await this.places.killer.idle()
    return [
      ...broken.map((line) => `right after: ${line}`),
      ...(again.code === 0 ? [] : [`again: exit code ${String(again.code)}: ${again.stderr.trim()}`]),
      ...left.map((process) => `still runs: ${process}`),
      ...compare(expected, await this.#look(scenario, place)),
    ]
  }

  async #run(scenario: Scenario, place: Place, position = 0, manner: Manner = 'before'): Promise<Ended> {
    const { by = 'calls', command, victim = 'command' } = scenario
    const { killer } = this.places
    const report = `${place.folder}.steps`
    const child = this.places.start(
      place,
      command,
      by === 'calls'
        ? {}
        : {
            NODE_OPTIONS: `--import=${STEPS}`,
            KILL_AT: String(position),
            KILL_MANNER: manner,
            KILL_REPORT: report,
          },
    )
    const deed = { call: by === 'calls' ? position : 0, manner, kill: () => kill(child, victim) }
    killer.watch(place.emulator.endpoint, deed)
    const { code, stderr } = await finished(child)
    await killer.idle()
    if (by === 'calls') return { code, stderr, count: killer.calls.length, at: killer.killedAt }
    const { at, steps } = JSON.parse(await readFile(report, 'utf8')) as { at?: string; steps: number }
    await rm(report)
    return { code, stderr, count: steps, at }
  }

  async #look(scenario: Scenario, place: Place): Promise<Seen> {
    const { passing = [] } = scenario
    const lasting = (lines: string[]) => lines.filter((line) => !passing.some((each) => each.test(line)))
    const emulator = lasting(await place.emulator.state())
    const folder = lasting(await folderState(place.folder))
    return { emulator, folder, outcome: await scenario.outcome?.(place) }
  }
}
