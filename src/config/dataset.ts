import { z } from 'zod'

/** Column types of a dataset; each is read the same way by Athena, Spark, DuckDB and pandas. */
export const columnTypeSchema = z
  .string()
  .regex(
    /^(string|boolean|integer|bigint|double|date|timestamp|timestamptz|decimal\((\d{1,2}),\s?(\d{1,2})\))$/,
    'is not a column type: use string, boolean, integer, bigint, double, decimal(p,s), date, timestamp or timestamptz',
  )

export const datasetName = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,62}$/, 'must be lower-case letters, digits and _ (Athena and Glue table names)')
  .refine((name) => !name.startsWith('datapipe_'), 'must not start with datapipe_ (kept for its own tables)')

const formatSchema = z
  .strictObject({
    type: z.literal('csv').default('csv'),
    delimiter: z.string().length(1).default(',').describe('One character between fields; "\\t" for TSV.'),
    quote: z.string().length(1).default('"'),
    decimal: z.enum(['.', ',']).default('.').describe('The decimal mark in numbers.'),
    timezone: z.string().default('UTC').describe('Zone-less times are read in this IANA zone.'),
    nullValue: z.string().default('').describe('An unquoted field with this text is null.'),
  })
  .prefault({})

const timeseriesSchema = z.strictObject({
  start: z.string().describe('Column with the start of the interval.'),
  end: z.string().describe('Column with the end of the interval.'),
  samples: z.string().describe('Column with the number of equal sub-intervals.'),
})

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
  columns: z
    .record(z.string(), columnTypeSchema)
    .optional()
    .describe('Column name to type, in the order of the table. Left out: types from the whole first file.'),
  timeseries: timeseriesSchema.optional().describe('Expand interval rows into sub-intervals.'),
  partition: z
    .string()
    .regex(
      /^(?:(?:year|month|day)\([^()]+\)|[^()\s]+)$/,
      'must be a column, or year(column), month(column) or day(column)',
    )
    .optional()
    .describe('Partition of the table: a column, or year(), month() or day() of a time column.'),
  rejects: rejectsSchema,
})

export type Dataset = z.infer<typeof datasetSchema>

/** The defaults of a dataset that nobody declared. */
export function defaultDataset(): Dataset {
  return datasetSchema.parse({})
}
