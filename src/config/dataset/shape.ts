import { z } from 'zod'

export const partitionSchema = z
  .string()
  .regex(
    /^(?:(?:year|month|day)\([^()]+\)|[^()\s]+)$/,
    'must be a column, or year(column), month(column) or day(column)',
  )
  .describe('Partition of the table: a column, or year(), month() or day() of a time column.')

export const compressionSchema = z
  .enum(['zstd', 'snappy'])
  .default('zstd')
  .describe('How Parquet files are compressed: zstd is smaller, snappy is read by older tools too.')

export type Compression = z.infer<typeof compressionSchema>

export const keySchema = z
  .array(z.string().min(1))
  .min(1)
  .describe('Columns that identify a row: of rows with the same key the latest file wins.')

export const sqlSchema = z
  .string()
  .min(1)
  .describe('`select … from input`, or the name of a file (*.sql) with it, relative to datapipe.yaml.')

export const timeseriesSchema = z
  .strictObject({
    start: z.string().describe('Column with the start of the interval.'),
    end: z.string().describe('Column with the end of the interval.'),
    samples: z.string().describe('Column with the number of equal sub-intervals.'),
    output: z
      .enum(['intervals', 'points', 'grid'])
      .default('intervals')
      .describe(
        'intervals: consecutive sub-intervals; points: only their starts; grid: one row per step of `every`.',
      ),
    every: z
      .string()
      .regex(/^\d+(ms|s|m|h|d)$/, 'must be a duration such as 500ms, 1s, 5m, 1h or 1d')
      .optional()
      .describe('Step of the grid.'),
    fill: z
      .enum(['last', 'mean'])
      .default('last')
      .describe(
        'Value at a step of the grid: the last one known, or the mean over the step weighted by time.',
      ),
  })
  .refine(({ output, every }) => (output === 'grid') === (every !== undefined), {
    path: ['every'],
    message: 'goes with output: grid, and output: grid needs it',
  })

/** One of several tables of a dataset. */
export const tableSchema = z.strictObject({
  sql: sqlSchema,
  partition: partitionSchema.optional(),
  key: keySchema.optional(),
})
