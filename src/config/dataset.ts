import { z } from 'zod'
import { checkSchema } from './dataset/checks.js'
import { columnsSchema } from './dataset/columns.js'
import { formatSchema } from './dataset/format.js'
import {
  compressionSchema,
  keySchema,
  partitionSchema,
  sqlSchema,
  tableSchema,
  timeseriesSchema,
} from './dataset/shape.js'

export const datasetName = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,62}$/, 'must be lower-case letters, digits and _ (Athena and Glue table names)')
  .refine((name) => !name.startsWith('datapipe_'), 'must not start with datapipe_ (kept for its own tables)')

const rejectsSchema = z
  .strictObject({
    max: z
      .union([
        z.number().int().nonnegative(),
        z.string().regex(/^\d+(\.\d+)?%$/, 'must be a count or a percentage such as 1%'),
      ])
      .default('1%')
      .describe(
        'More rejected rows than this, as a count or a percentage, and the run fails and publishes nothing.',
      ),
  })
  .prefault({})

/** One dataset of `datapipe.yaml`: which files belong to it, how they read, what table they become. */
export const datasetSchema = z.strictObject({
  match: z
    .string()
    .optional()
    .describe('Glob over the file name: which uploaded files belong to this dataset.'),
  format: formatSchema,
  columns: columnsSchema
    .optional()
    .describe('Column name to type, in the order of the table. Left out: types from the whole first file.'),
  contract: z
    .enum(['evolve', 'freeze'])
    .default('evolve')
    .describe('A column that the table does not have: evolve adds it, freeze refuses the file.'),
  sheets: z
    .record(
      z.string().min(1),
      z
        .strictObject({ columns: columnsSchema.optional() })
        .nullable()
        .transform((sheet) => sheet ?? {}),
    )
    .optional()
    .describe('Sheets of a workbook to read, each a table for `sql`. Left out: the first sheet, as `input`.'),
  timeseries: timeseriesSchema.optional().describe('Expand interval rows into sub-intervals.'),
  sql: sqlSchema.optional(),
  tables: z
    .record(datasetName, tableSchema)
    .optional()
    .describe('Several tables from one dataset, by name; each with its own `sql`.'),
  partition: partitionSchema.optional(),
  key: keySchema.optional(),
  compression: compressionSchema,
  checks: z.array(checkSchema).default([]).describe('What must hold: SQL predicates, or named checks.'),
  rejects: rejectsSchema,
})

export type Dataset = z.infer<typeof datasetSchema>

/** The defaults of a dataset that nobody declared. */
export function defaultDataset(): Dataset {
  return datasetSchema.parse({})
}

/** The configuration of a dataset, or the default one. `constructor` is a name like any other. */
export function configurationOf(datasets: Readonly<Record<string, Dataset>>, name: string): Dataset {
  const own = Object.hasOwn(datasets, name) ? datasets[name] : undefined
  return own ?? defaultDataset()
}
