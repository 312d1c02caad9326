import type { AwsContext } from '../aws/context.js'
import type { DownResult } from '../operate/provision/down.js'
import { formatUsd, plural } from './format.js'

/** The end of `down`: what is gone, what waits, what stays, and whether anything is left. */
export function renderDown(
  { deleted, foreign, leftovers, retained, verifiedEmpty }: DownResult,
  { account, env, region }: Pick<AwsContext, 'account' | 'env' | 'region'>,
): string {
  const waiting = deleted.filter(({ until }) => until !== undefined)
  return [
    `${plural(deleted.length - waiting.length, 'resource')} deleted.`,
    ...waiting.map(
      ({ id, physicalId, until }) =>
        `  ${id} (${physicalId}) is gone on ${until!.slice(0, 10)}; AWS keeps it until then, free of charge`,
    ),
    ...(retained.length === 0
      ? []
      : ['Kept, with the data:', ...retained.map(({ id, physicalId }) => `  ${id}  ${physicalId}`)]),
    ...(foreign.length === 0
      ? []
      : [
          'Not ours, without our tags, and left alone:',
          ...foreign.map(({ id, physicalId }) => `  ${id}  ${physicalId}`),
        ]),
    ...(leftovers.length === 0
      ? []
      : [
          'Left over:',
          ...leftovers.map(({ arn, id, monthlyUsd }) => `  ${id}  ${arn}  ${formatUsd(monthlyUsd)} a month`),
        ]),
    verifiedEmpty
      ? `${env}: verified empty, in ${region} of account ${account}`
      : retained.length > 0 && leftovers.length === 0
        ? `${env}: nothing left but the data. --delete-data removes that too.`
        : `${env}: not empty`,
  ].join('\n')
}
