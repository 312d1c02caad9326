import { z } from 'zod'
import type { ContractColumn } from './contract.js'

/** A difference between a file and its table, told before anything is published. */
export const driftSchema = z.object({
  /** What messages call the file. */
  file: z.string(),
  column: z.string(),
  /**
   * added: the table gets the column; widened: it gets the wider type that was declared; differs: the values of the file are
   * of another type.
   */
  change: z.enum(['added', 'widened', 'differs']),
  /** Type in the table; null: it has no such column. */
  from: z.string().nullable(),
  to: z.string(),
})

export type Drift = z.infer<typeof driftSchema>

/** A drift in words. */
export function driftMessage({ file, column, change, from, to }: Drift, dataset: string): string {
  switch (change) {
    case 'added':
      return `${file} has the column "${column}" (${to}), which the dataset ${dataset} does not have yet: it is added, and earlier rows have no value in it.`
    case 'widened':
      return `The column "${column}" of the dataset ${dataset} becomes ${to} with ${file}; it was ${from}.`
    case 'differs':
      return `The column "${column}" of the dataset ${dataset} is ${from}; in ${file} its values would be ${to}.`
  }
}

/** The columns that a file brings and that nobody knew. */
export function fileDrift(
  columns: readonly ContractColumn[],
  contract: readonly ContractColumn[],
  file: string,
): Drift[] {
  return columns
    .filter(({ name, added }) => added === true && !contract.some((column) => column.name === name))
    .map(({ name, type }) => ({ file, column: name, change: 'added', from: null, to: type }))
}
