import { ExitCode } from '../errors.js'
import { driftMessage, type Drift } from './contract/drift.js'
import { DataError } from './errors.js'
import type { RejectFiles, TransformOptions } from './types.js'

interface Counts {
  rowsIn: number
  rowsAccepted: number
  rowsRejected: number
  /** How the file differs from its table. */
  drift?: readonly Drift[]
}

/** @param max a count, or a percentage of the rows such as `1%` */
export function exceeds(rejected: number, rows: number, max: number | string): boolean {
  return typeof max === 'number' ? rejected > max : rejected * 100 > rows * parseFloat(max)
}

/** The error of a run that rejected too much: exit code 5, with the counts and the reject files as its result. */
export function overLimit(
  counts: Counts,
  rejects: RejectFiles | null,
  { file, displayName = file, dataset, config }: TransformOptions,
): DataError {
  const { rowsIn, rowsRejected, drift = [] } = counts
  return new DataError(
    'REJECTS_OVER_LIMIT',
    `${rowsRejected} of the ${rowsIn} rows of ${displayName} were rejected; the dataset ${dataset} allows ${config.rejects.max}. No data was published.`,
    {
      exitCode: ExitCode.rejected,
      result: { dataset, ...counts, rejects },
      suggestions: [
        ...drift.filter(({ change }) => change === 'differs').map((each) => driftMessage(each, dataset)),
        ...(rejects === null
          ? []
          : [
              `Read ${rejects.csv}: it has the line, the column, the reason and the text of every rejected row.`,
            ]),
        `Correct the file, or raise datasets.${dataset}.rejects.max.`,
      ],
    },
  )
}
