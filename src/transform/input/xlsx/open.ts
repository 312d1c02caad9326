import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Dataset } from '../../../config/dataset.js'
import { DataError } from '../../errors.js'
import { declaredContract } from '../../contract/contract.js'
import { ONLY_INPUT, type Input, type InputRequest } from '../input.js'
import { OWN_DIALECT, ownHeader, TextTable } from '../text-table.js'
import { SheetRows } from './rows.js'
import { SheetTable } from './sheet.js'
import { NoWorkbook, openWorkbookParts, readPart, type SheetPart, type Workbook } from './workbook.js'
import { XmlProblem } from './xml.js'
import { TooLarge, Zip, ZipProblem } from './zip.js'

/** A workbook that unpacks to more is refused. */
const MOST_UNPACKED = 8 * 1024 ** 3

interface Wanted {
  name: string
  sheet: SheetPart
  columns: Dataset['columns']
}

/**
 * Reads the sheets of an Excel workbook that the dataset names, or the first one that is not hidden.
 * @throws DataError NOT_XLSX, XLSX_DAMAGED, XLSX_TOO_LARGE, SHEET_NOT_FOUND, FILE_EMPTY, and those of a header
 */
export async function openWorkbook(request: InputRequest): Promise<Input[]> {
  const { name, text } = request.source
  try {
    const zip = await Zip.open(text, MOST_UNPACKED)
    try {
      const workbook = await openWorkbookParts(zip)
      const inputs: Input[] = []
      const wanted = wantedSheets(request, workbook.sheets)
      for (const [index, sheet] of wanted.entries()) {
        const folder = join(request.scratch, `sheet-${index}`)
        inputs.push(await readSheet(request, workbook, sheet, folder, wanted.length === 1))
      }
      return inputs
    } finally {
      await zip.close()
    }
  } catch (error) {
    throw explained(name, error)
  }
}

function wantedSheets({ config, source }: InputRequest, sheets: readonly SheetPart[]): Wanted[] {
  if (config.sheets === undefined) {
    const sheet = sheets.find(({ isHidden }) => !isHidden) ?? sheets[0]
    if (sheet === undefined) throw new NoWorkbook('a workbook without a worksheet')
    return [{ name: ONLY_INPUT, sheet, columns: config.columns }]
  }
  const wanted = Object.entries(config.sheets)
  return wanted.map(([name, { columns }]) => {
    const sheet =
      sheets.find((candidate) => candidate.name === name) ??
      sheets.find((candidate) => candidate.name.toLowerCase() === name.toLowerCase())
    if (sheet) return { name, sheet, columns: columns ?? (wanted.length === 1 ? config.columns : undefined) }
    throw new DataError('SHEET_NOT_FOUND', `${source.name} has no sheet "${name}".`, {
      suggestions: [`Its sheets: ${sheets.map((candidate) => `"${candidate.name}"`).join(', ')}.`],
    })
  })
}

async function readSheet(
  { source, config, contract, signal }: InputRequest,
  workbook: Workbook,
  { name, sheet, columns }: Wanted,
  folder: string,
  isOnly: boolean,
): Promise<Input> {
  await mkdir(folder, { recursive: true })
  const declared = columns && declaredContract(columns)
  // The table that is there is made of one input; of several, nobody knows which.
  const known = isOnly ? contract : declared
  const title = name === ONLY_INPUT ? source.name : `Sheet "${sheet.name}" of ${source.name}`
  const table = await TextTable.create(folder)
  try {
    const names = columns ? Object.keys(columns) : known?.map((column) => column.name)
    const hasHeader = config.format.header
    const content = new SheetTable({ name: title, table, hasHeader, columns: names })
    const rows = new SheetRows(workbook, (row, cells) => {
      content.add(row, cells)
    })
    await readPart(workbook.zip, sheet.part, rows, async () => {
      signal?.throwIfAborted()
      if (table.isFull) await table.flush()
    })
    await table.flush()
    if (content.raw === undefined) throw new DataError('FILE_EMPTY', `${title} holds nothing.`)
    const header = ownHeader(title, content.raw)
    return {
      name,
      columns: known,
      strict: declared === undefined,
      header,
      dialect: OWN_DIALECT,
      format: { ...config.format, nullValue: '', decimal: '.', thousands: undefined },
      text: table.path,
      prescan: await table.prescan(content.blankRows, header, signal),
      origin: {
        type: 'converted',
        kinds: content.kinds,
        refused: { path: table.refusedPath, count: table.refused },
        lines: undefined,
      },
    }
  } finally {
    await table.close()
  }
}

function explained(name: string, error: unknown): unknown {
  if (error instanceof NoWorkbook) {
    return new DataError('NOT_XLSX', `${name} is ${error.message}, not an Excel workbook (.xlsx).`, {
      cause: error,
      suggestions: ['Save it as .xlsx, or correct `format.type` of the dataset.'],
    })
  }
  if (error instanceof TooLarge) {
    return new DataError('XLSX_TOO_LARGE', `${name} is too large to read: ${error.message}.`, {
      cause: error,
      suggestions: ['Save the sheet as CSV.'],
    })
  }
  if (!(error instanceof ZipProblem || error instanceof XmlProblem)) return error
  return new DataError('XLSX_DAMAGED', `${name} is not a complete workbook: ${error.message}.`, {
    cause: error,
    suggestions: ['Copy the file again, or open it in Excel and save it.'],
  })
}
