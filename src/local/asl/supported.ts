import { DatapipeError } from '../../errors.js'
import { isObject, type Json, type JsonObject } from './json.js'
import type { StateMachine } from './definition.js'

/**
 * Reads a definition as deployed, and refuses what this interpreter would otherwise run differently from AWS.
 * @throws DatapipeError UNSUPPORTED_DEFINITION
 */
export function parseDefinition(text: string): StateMachine {
  let definition: Json
  try {
    definition = JSON.parse(text) as Json
  } catch (error) {
    throw unsupported(`it is not JSON: ${String(error)}`)
  }
  checkMachine(definition, 'the state machine')
  return definition as unknown as StateMachine
}

const TYPES = ['Task', 'Pass', 'Choice', 'Wait', 'Succeed', 'Fail', 'Parallel', 'Map']

/** Fields of JSONata, of variables, and of distributed maps other than those over a listing of S3 objects. */
const FIELDS = [
  'Assign',
  'Arguments',
  'Output',
  'ItemBatcher',
  'ToleratedFailureCount',
  'ToleratedFailurePercentagePath',
  'MaxConcurrencyPath',
  'HeartbeatSeconds',
]

function checkMachine(machine: Json | undefined, where: string): void {
  if (!isObject(machine) || !isObject(machine.States) || typeof machine.StartAt !== 'string') {
    throw unsupported(`${where} has no StartAt and States`)
  }
  checkLanguage(machine, where)
  const { States: states } = machine
  for (const [name, state] of Object.entries(states)) {
    const here = `the state ${name}`
    if (!isObject(state) || typeof state.Type !== 'string' || !TYPES.includes(state.Type)) {
      throw unsupported(`${here} has no known Type`)
    }
    checkLanguage(state, here)
    const field = FIELDS.find((known) => known in state)
    if (field !== undefined) throw unsupported(`${here} has the field ${field}`)
    if (typeof state.Resource === 'string' && state.Resource.endsWith('.waitForTaskToken')) {
      throw unsupported(`${here} waits for a task token`)
    }
    if (state.Type === 'Parallel') {
      const branches = Array.isArray(state.Branches) ? state.Branches : [undefined]
      for (const branch of branches) checkMachine(branch, `a branch of ${here}`)
    }
    if (state.Type === 'Map') checkMap(state, here)
  }
}

function checkMap(state: JsonObject, where: string): void {
  const processor = state.ItemProcessor ?? state.Iterator
  checkMachine(processor, `the item processor of ${where}`)
  const config = isObject(processor) ? processor.ProcessorConfig : undefined
  const distributed = isObject(config) && config.Mode === 'DISTRIBUTED'
  if (!distributed) {
    for (const field of ['ItemReader', 'ResultWriter'])
      if (field in state) throw unsupported(`${where} has the field ${field}`)
    return
  }
  const { ItemReader: reader, ResultWriter: writer } = state
  if (
    config.ExecutionType === 'EXPRESS' ||
    !isObject(reader) ||
    reader.ReaderConfig !== undefined ||
    !isResource(reader.Resource, ':s3:listObjectsV2') ||
    !isObject(writer) ||
    !isResource(writer.Resource, ':s3:putObject')
  ) {
    throw unsupported(
      `${where} is a distributed map that does not go from a listing of S3 objects to results in S3`,
    )
  }
}

function isResource(value: Json | undefined, end: string): boolean {
  return typeof value === 'string' && value.endsWith(`:states::${end}`)
}

function checkLanguage(part: Record<string, Json>, where: string): void {
  if (part.QueryLanguage !== undefined && part.QueryLanguage !== 'JSONPath') {
    throw unsupported(`${where} is written in ${JSON.stringify(part.QueryLanguage)}`)
  }
}

function unsupported(reason: string): DatapipeError {
  return new DatapipeError(
    'UNSUPPORTED_DEFINITION',
    `The deployed state machine cannot be run on this machine: ${reason}.`,
    { suggestions: ['Run `datapipe up` to deploy the definition of this release.'] },
  )
}
