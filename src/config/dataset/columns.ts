import { z } from 'zod'

/** Column types of a dataset; each is read the same way by Athena, Spark, DuckDB and pandas. */
export const columnTypeSchema = z
  .string()
  .regex(
    /^(string|boolean|integer|bigint|double|date|timestamp|timestamptz|decimal\((\d{1,2}),\s?(\d{1,2})\))$/,
    'is not a column type: use string, boolean, integer, bigint, double, decimal(p,s), date, timestamp or timestamptz',
  )

const bound = z.union([z.number(), z.string().min(1)])

const declaredColumnSchema = z.strictObject({
  type: columnTypeSchema,
  nullable: z.boolean().default(true).describe('false: a row without a value is rejected.'),
  optional: z
    .boolean()
    .default(false)
    .describe('true: a file may lack the column; its rows then have no value.'),
  values: z
    .array(z.union([z.string(), z.number(), z.boolean()]))
    .min(1)
    .optional()
    .describe('The only allowed values.'),
  min: bound.optional().describe('Smallest allowed value: a number, a date or a time.'),
  max: bound.optional().describe('Largest allowed value: a number, a date or a time.'),
  pattern: z.string().min(1).optional().describe('Regular expression (RE2) that the whole text must match.'),
  nan: z.boolean().default(false).describe('true: a double may be NaN, Infinity or -Infinity.'),
  pii: z
    .enum(['hash', 'mask', 'drop'])
    .optional()
    .describe(
      'Personal data: hash keeps a keyed hash, mask keeps that there was a value, drop leaves the column out.',
    ),
})

export const columnSchema = z.union([columnTypeSchema, declaredColumnSchema])

/** A column as the configuration describes it, with its defaults. */
export type ColumnConfig = z.infer<typeof declaredColumnSchema>

export const columnsSchema = z.record(z.string(), columnSchema)

/** The long form of a column: `double` means `{ type: double }`. */
export function columnConfig(column: z.infer<typeof columnSchema>): ColumnConfig {
  return typeof column === 'string' ? declaredColumnSchema.parse({ type: column }) : column
}
