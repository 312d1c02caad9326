import { interpret, type InterpretOptions, type Outcome } from '../../../src/local/asl/interpreter.js'
import { parseDefinition } from '../../../src/local/asl/supported.js'
import type { Json } from '../../../src/local/asl/json.js'
import { VirtualClock } from './virtual-clock.js'

export const MACHINE_ARN = 'arn:aws:states:us-east-1:111122223333:stateMachine:dp-dev-test'

/** Interprets a definition on virtual time. */
export function run(
  definition: object,
  input: Json,
  options: Partial<InterpretOptions> = {},
): Promise<Outcome> {
  return interpret(parseDefinition(JSON.stringify(definition)), {
    stateMachineArn: MACHINE_ARN,
    name: 'test',
    input,
    handlers: {},
    signal: new AbortController().signal,
    clock: new VirtualClock(),
    ...options,
  })
}

/** A machine of these states, starting at the first. */
export function machine(states: Record<string, object>): { StartAt: string; States: Record<string, object> } {
  return { StartAt: Object.keys(states)[0] ?? '', States: states }
}

/** What a single Pass state with these Parameters makes of an input. */
export async function fill(parameters: Json, input: Json): Promise<Outcome> {
  return run(machine({ Only: { Type: 'Pass', Parameters: parameters, End: true } }), input)
}

/** The names of the states entered, in order. */
export function entered({ history }: Outcome): string[] {
  return history.filter(({ type }) => type.endsWith('StateEntered')).map(({ state }) => state ?? '')
}
