import { cellText, type QueryCell, type QueryColumn } from './cells.js'

/** The header and rows of a result as RFC 4180 has them: CRLF, quotes where needed. Null is an empty field, empty text is `""`. */
export function csvHeader(columns: readonly QueryColumn[]): string {
  return `${columns.map(({ name }) => quoted(name)).join(',')}\r\n`
}

export function csvRows(rows: readonly (readonly QueryCell[])[]): string {
  return rows.map((row) => `${row.map(csvField).join(',')}\r\n`).join('')
}

function csvField(cell: QueryCell): string {
  return cell === null ? '' : quoted(cellText(cell))
}

function quoted(text: string): string {
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
