import { DatapipeError } from '../errors.js'
import { embeddedStatus } from './moto/status.js'

/** Where the embedded AWS answers, or undefined when it does not run. */
export async function embeddedEndpoint(): Promise<string | undefined> {
  return (await embeddedStatus())?.endpoint
}

/** Where the embedded AWS answers. @throws DatapipeError LOCAL_NOT_RUNNING */
export async function requireEmbedded(): Promise<string> {
  const endpoint = await embeddedEndpoint()
  if (endpoint !== undefined) return endpoint
  throw new DatapipeError(
    'LOCAL_NOT_RUNNING',
    'The embedded AWS does not run, and so there is nothing in it.',
    {
      suggestions: ['Run `datapipe local start`, or `datapipe up --env local`, which starts it too.'],
    },
  )
}
