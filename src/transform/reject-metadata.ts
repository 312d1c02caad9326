import { z } from 'zod'
import type { LoadedInput } from './load.js'

/** Key in the Parquet footer of the rejected rows. */
export const INPUTS_KEY = 'datapipe.inputs'

/** How the raw text of the rows of an input reads, so that it can be a file again without the one that it came from. */
const inputSchema = z.object({
  name: z.string(),
  /** csv: records, under this header if it has one. json: one object each. */
  text: z.enum(['csv', 'json']),
  /** Null: the records have none. */
  header: z.array(z.string()).nullable(),
  delimiter: z.string(),
  quote: z.string(),
  escape: z.string(),
  /** Of the file that the rows came from. */
  encoding: z.string(),
})

export const rejectInputsSchema = z.array(inputSchema)

export type RejectInput = z.infer<typeof inputSchema>

/** The value for INPUTS_KEY. */
export function rejectInputs(inputs: readonly LoadedInput[], withhold: boolean): RejectInput[] {
  return inputs.map(({ input: { name, header, dialect, format, origin } }) => {
    const isJson = origin.type === 'parquet' || (origin.type === 'converted' && origin.lines !== undefined)
    const names = header.raw.slice(0, header.names.length)
    return {
      name,
      text: isJson ? 'json' : 'csv',
      // A header that is really a row of data would tell of somebody.
      header: withhold || isJson || (origin.type === 'csv' && !format.header) ? null : names,
      delimiter: dialect.delimiter,
      quote: dialect.quote,
      escape: dialect.escape,
      encoding: origin.type === 'csv' ? origin.encoding : 'utf-8',
    }
  })
}

/** The first line of the file that its records make, without its line end. */
export function headerLine({ header, delimiter, quote, escape }: RejectInput): string | undefined {
  return header
    ?.map((name) => {
      const isPlain = ![delimiter, quote, '\n', '\r'].some((text) => name.includes(text))
      if (isPlain) return name
      const escaped = [...name].map((char) => (char === quote || char === escape ? escape + char : char))
      return quote + escaped.join('') + quote
    })
    .join(delimiter)
}
