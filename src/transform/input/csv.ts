import { dialectOf } from '../dialect.js'
import { declaredConfig } from '../contract/contract.js'
import { matchHeader } from '../pii/header.js'
import { readHeader } from '../header.js'
import { prescan } from '../prescan.js'
import { ONLY_INPUT, type Input, type InputRequest } from './input.js'

/**
 * Opens CSV or TSV text.
 * @throws DataError see readHeader and matchColumns
 */
export async function openCsv(request: InputRequest): Promise<Input> {
  const { source, config, contract, signal, onEvent } = request
  const { name, text, encoding } = source
  const dialect = dialectOf(config.format)
  const declared = declaredConfig(config)
  const names = declared ? Object.keys(declared) : contract?.map((column) => column.name)
  const header = await readHeader(name, text, dialect, names)
  // A file with the wrong columns should not be read to its end first.
  if (contract) matchHeader(config, header, contract, { file: name, dataset: request.dataset })
  const counted = await prescan(text, {
    dialect,
    decimal: config.format.decimal,
    header,
    signal,
    onBytes: (done) =>
      onEvent?.({ type: 'progress', stage: 'prescan', done, total: source.bytes, unit: 'bytes' }),
  })
  return {
    name: ONLY_INPUT,
    columns: contract,
    strict: declared === undefined,
    header,
    dialect,
    format: config.format,
    text,
    prescan: counted,
    origin: { type: 'csv', encoding },
  }
}
