import { z } from 'zod'

const ENCODINGS = ['utf-8', 'utf-16', 'latin-1', 'windows-1252'] as const

/** How the bytes of a file become fields of text, and how the text of a field reads. */
export const formatSchema = z
  .strictObject({
    type: z
      .enum(['csv', 'tsv', 'jsonl', 'parquet', 'xlsx'])
      .default('csv')
      .describe(
        'csv; tsv (csv with tabs); jsonl: one JSON object per line; parquet; xlsx: an Excel workbook.',
      ),
    delimiter: z.string().length(1).default(',').describe('One character between fields; "\\t" for TSV.'),
    quote: z.string().length(1).default('"'),
    escape: z
      .string()
      .length(1)
      .optional()
      .describe('Character that makes a quote inside quotes a plain one. Left out: the quote, doubled.'),
    header: z
      .boolean()
      .default(true)
      .describe('false: no header line; the columns are those declared, in order.'),
    comment: z
      .string()
      .length(1)
      .optional()
      .describe('Lines that start with this character are passed over, and counted.'),
    encoding: z.enum(ENCODINGS).default('utf-8').describe('A byte order mark wins over it.'),
    decimal: z.enum(['.', ',']).default('.').describe('The decimal mark in numbers.'),
    thousands: z
      .enum(['.', ',', ' ', "'"])
      .optional()
      .describe('Mark between groups of three digits, where numbers have one. Must differ from `decimal`.'),
    timezone: z.string().default('UTC').describe('Zone-less times are read in this IANA zone.'),
    nullValue: z.string().default('').describe('An unquoted field with this text is null.'),
  })
  .refine(({ decimal, thousands }) => decimal !== thousands, {
    path: ['thousands'],
    message: 'must differ from `decimal`',
  })
  .prefault({})
