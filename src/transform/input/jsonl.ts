import { open } from 'node:fs/promises'
import type { Dialect } from '../dialect.js'
import type { ContractColumn } from '../contract/contract.js'
import { DataError } from '../errors.js'
import { declaredColumns, MOST_COLUMNS } from '../header.js'
import { safeName, safeNames } from '../names.js'
import { malformedReason } from '../record-view.js'
import { RecordReader } from '../records.js'
import { ONLY_INPUT, type Input, type InputRequest } from './input.js'
import { JsonProblem, readJsonObject } from './json-object.js'
import { ColumnKinds } from './kinds.js'
import { LONGEST_RAW, OWN_DIALECT, ownHeader, quoted, TextTable, type Place } from './text-table.js'

const NO_BYTE = -1

/** Lines as they are: nothing divides them, nothing is quoted. */
const LINES: Dialect = {
  ...OWN_DIALECT,
  delimiterByte: NO_BYTE,
  quoteByte: NO_BYTE,
  escapeByte: NO_BYTE,
}

/**
 * Reads JSON lines: each line an object, its members the columns. The columns are those that are known and every other key of
 * any line. A member that is missing is null, as one that is null; a nested value is its JSON text; a number keeps its digits.
 * A line that is no object, or has a key twice, is a rejected row.
 * @throws DataError JSON_NOT_LINES, FILE_EMPTY, MISSING_COLUMN, COLUMN_NAME_COLLISION, TOO_MANY_COLUMNS
 */
export async function openJsonLines(request: InputRequest): Promise<Input> {
  const { source, config, contract, dataset, scratch } = request
  const declared = declaredColumns(config)
  const known = contract
  let keys = new Keys(known?.map(({ name }) => name) ?? [])
  let { table, blankLines, grew } = await convert(request, keys)
  if (grew && (known === undefined || config.contract === 'evolve')) {
    // Records before the first with a new key are too short: once more, with all keys known.
    keys = new Keys(keys.raw)
    ;({ table, blankLines, grew } = await convert(request, keys))
  }
  if (table.records + table.refused === 0) {
    throw new DataError('FILE_EMPTY', `${source.name} holds nothing but blank lines.`)
  }
  if (known !== undefined && table.records > 0 && keys.found === 0) {
    throw new DataError(
      'MISSING_COLUMN',
      `${source.name} has none of the columns that the dataset ${dataset} needs: ${known.map(({ name }) => name).join(', ')}.`,
    )
  }
  // Lines may leave out what has no value; but a key in place of another is one that got a new name.
  const missing = keys.raw.length > (known?.length ?? 0) ? keys.missing(known ?? []) : []
  if (missing.length > 0) {
    throw new DataError(
      'MISSING_COLUMN',
      `No line of ${source.name} has the key ${missing.map((name) => `"${name}"`).join(', ')}, which the dataset ${dataset} needs; it has ${keys.raw
        .slice(known?.length)
        .map((name) => `"${name}"`)
        .join(', ')
        .slice(0, 500)} instead.`,
      { suggestions: ['Correct the keys, or declare the column with optional: true.'] },
    )
  }
  if (keys.raw.length === 0) {
    throw new DataError('JSON_NOT_LINES', `${source.name} has no line with a JSON object that has a key.`, {
      suggestions: ['Correct `format.type` of the dataset, or the file.'],
    })
  }
  const header = ownHeader(source.name, keys.raw)
  return {
    name: ONLY_INPUT,
    columns: known,
    strict: declared === undefined,
    header,
    dialect: OWN_DIALECT,
    format: { ...config.format, nullValue: '', decimal: '.', thousands: undefined },
    text: table.path,
    prescan: await table.prescan(blankLines, header, request.signal),
    origin: {
      type: 'converted',
      kinds: keys.kinds,
      refused: { path: table.refusedPath, count: table.refused },
      lines: source.text,
    },
  }

  async function convert({ signal, onEvent }: InputRequest, keys: Keys) {
    const file = await open(source.text)
    const table = await TextTable.create(scratch)
    try {
      const start = await file.read(Buffer.alloc(3), 0, 3, 0)
      const hasMark = start.buffer.toString('hex') === 'efbbbf'
      const reader = new RecordReader(file, LINES, 1, hasMark ? 3 : 0)
      const converter = new Converter(source.name, keys, table)
      while (await reader.fill()) {
        signal?.throwIfAborted()
        while (reader.next()) {
          converter.add(reader)
          if (table.isFull) await table.flush()
        }
        onEvent?.({
          type: 'progress',
          stage: 'prescan',
          done: reader.offset,
          total: source.bytes,
          unit: 'bytes',
        })
      }
      await table.flush()
      return { table, blankLines: reader.blankLines + converter.blankLines, grew: converter.grew }
    } finally {
      await table.close()
      await file.close()
    }
  }
}

/** The keys of all lines, as columns. */
class Keys {
  readonly raw: string[] = []
  readonly kinds: ColumnKinds[] = []
  /** How many of them a line has had. */
  found = 0
  private readonly columns = new Map<string, number>()
  private readonly bySafeName = new Map<string, { column: number; isFound: boolean }>()

  constructor(known: readonly string[]) {
    for (const name of known) this.append(name, false)
  }

  /** @throws DataError COLUMN_NAME_COLLISION */
  columnOf(key: string): number {
    const column = this.columns.get(key)
    if (column !== undefined) return column
    const known = this.bySafeName.get(safeName(key, this.raw.length + 1))
    // Says which two names are the same.
    if (known?.isFound === true) safeNames([this.raw[known.column] ?? '', key])
    this.found += 1
    if (known === undefined) {
      this.columns.set(key, this.raw.length)
      return this.append(key, true)
    }
    known.isFound = true
    this.columns.set(key, known.column)
    this.raw[known.column] = key
    return known.column
  }

  /** Columns that must be there, and that no line had. */
  missing(known: readonly ContractColumn[]): string[] {
    return known.flatMap(({ name, optional }) =>
      optional === true || this.bySafeName.get(name)?.isFound !== false ? [] : [name],
    )
  }

  private append(key: string, isFound: boolean): number {
    const column = this.raw.length
    this.bySafeName.set(safeName(key, column + 1), { column, isFound })
    this.raw.push(key)
    this.kinds.push(new ColumnKinds())
    return column
  }
}

class Converter {
  blankLines = 0
  grew = false
  private width: number | undefined

  constructor(
    private readonly name: string,
    private readonly keys: Keys,
    private readonly table: TextTable,
  ) {}

  add(reader: RecordReader): void {
    const { record } = reader
    const place = { line: record.line, byteOffset: record.offset, byteLength: record.byteLength }
    if (record.problem !== undefined) {
      this.refuse(place, null, malformedReason(record, 1, 'utf-8'), reader.text(LONGEST_RAW))
      return
    }
    const line = reader.text()
    if (line.trim() === '') {
      this.blankLines += 1
      return
    }
    if (this.width === undefined && this.table.refused === 0) this.assertLines(line)
    try {
      this.addObject(line, place)
    } catch (error) {
      if (!(error instanceof JsonProblem)) throw error
      this.refuse(place, error.key, error.message, line)
    }
  }

  private addObject(line: string, place: Place): void {
    const members = readJsonObject(line)
    if (members.length > MOST_COLUMNS) {
      throw new JsonProblem(`has ${members.length} keys, more than the ${MOST_COLUMNS} that a table can have`)
    }
    const columns = members.map(({ key }) => this.keys.columnOf(key))
    const width = this.keys.raw.length
    const fields = new Array<string>(width).fill('')
    for (const [index, { kind, text }] of members.entries()) {
      const column = columns[index] ?? 0
      if (kind === undefined) continue
      fields[column] = kind === 'text' || kind === 'structure' ? quoted(text) : text
      this.keys.kinds[column]?.add(kind, kind === 'text' ? text : undefined)
    }
    if (this.width !== undefined && width !== this.width) this.grew = true
    this.width = width
    if (!this.table.add(fields, place)) throw new JsonProblem('is longer than a record may be')
  }

  private refuse(place: Place, column: string | null, reason: string, raw: string): void {
    this.table.refuse({ ...place, column, reason, raw: raw.replaceAll('\0', '\ufffd') })
  }

  /** One document over many lines would be nothing but rejected rows. */
  private assertLines(first: string): void {
    const start = first.trim()
    const what = start.startsWith('[') ? 'one JSON array' : start === '{' ? 'one JSON document' : undefined
    if (what === undefined) return
    throw new DataError('JSON_NOT_LINES', `${this.name} is ${what}, not one object per line.`, {
      suggestions: [`Convert it first: jq -c '${what.includes('array') ? '.[]' : '.'}'.`],
    })
  }
}
