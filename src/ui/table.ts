import Table from 'cli-table3'

export type Cell = string | number | bigint | boolean | null | undefined

const PLAIN = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
}

/** Aligned columns under a header, without lines or colours: readable by people, and by awk. Numbers stand right. */
export function renderTable(columns: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const table = new Table({
    head: [...columns],
    chars: PLAIN,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    colAligns: columns.map((_column, index) => (isNumeric(rows, index) ? 'right' : 'left')),
  })
  table.push(...rows.map((row) => columns.map((_column, index) => cellText(row[index]))))
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
}

function isNumeric(rows: readonly (readonly Cell[])[], index: number): boolean {
  const present = rows.map((row) => row[index]).filter((cell) => cell !== null && cell !== undefined)
  return present.length > 0 && present.every((cell) => typeof cell === 'number' || typeof cell === 'bigint')
}

/** A line break inside a cell would look like two rows. */
function cellText(cell: Cell): string {
  if (cell === null || cell === undefined) return ''
  return String(cell).replaceAll('\r', '\\r').replaceAll('\n', '\\n').replaceAll('\t', '\\t')
}
