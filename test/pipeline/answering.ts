import type { StatesError } from '../../src/local/asl/errors.js'
import type { TaskCall, TaskHandler } from '../../src/local/asl/interpreter.js'
import type { Json } from '../../src/local/asl/json.js'

/** Keys that break whatever puts text together instead of passing it on. */
export const KEYS = [
  'inbox/t/plain.csv',
  'inbox/t/with space & plus+.csv',
  `inbox/t/"quoted" o'hare\\.csv`,
  'inbox/t/Süd-ø-測量-🌡.csv',
  'inbox/t/day=2026-01-01/x.csv',
  "inbox/t/{}/States.Format('{}').csv",
]

/** Remembers what it was called with. */
export type Recorded = TaskHandler & { calls: Json[] }

/** Answers call by call as listed, the last answer for ever; a StatesError is thrown. */
export function answering(...answers: (Json | StatesError)[]): Recorded {
  const calls: Json[] = []
  const handler = ({ parameters }: TaskCall): Promise<Json> => {
    calls.push(parameters)
    const answer = answers[Math.min(calls.length, answers.length) - 1] ?? {}
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer)
  }
  return Object.assign(handler, { calls })
}
