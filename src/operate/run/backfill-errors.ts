import { DatapipeError } from '../../errors.js'

/** The state machine is optional. */
export function backfillNotDeployed(env: string, cause?: unknown): DatapipeError {
  return new DatapipeError('BACKFILL_NOT_DEPLOYED', `Environment ${env} has no backfill.`, {
    cause,
    suggestions: [
      `Set \`backfill: true\` in datapipe.yaml and run: datapipe up --env ${env}`,
      `Or follow the files from here: datapipe run --watch --env ${env}`,
    ],
  })
}
