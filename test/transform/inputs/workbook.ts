import { strToU8, zipSync, type Zippable } from 'fflate'

/** Number formats by the style number `s` of a cell. */
const STYLES = `<styleSheet><numFmts count="3"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss"/><numFmt numFmtId="165" formatCode="[$-409]d/m/yy;@"/><numFmt numFmtId="166" formatCode="0.00&quot;days&quot;"/></numFmts>
<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs>
<cellXfs count="8"><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="20"/><xf numFmtId="46"/><xf numFmtId="165"/><xf numFmtId="166"/><xf numFmtId="10"/></cellXfs></styleSheet>`

export const STYLE = {
  general: 0,
  date: 1,
  datetime: 2,
  time: 3,
  duration: 4,
  localDate: 5,
  days: 6,
  percent: 7,
}

export interface Sheet {
  name: string
  /** The `<row>` elements, or anything else that a sheet may hold. */
  rows: string
  state?: string
}

/** An .xlsx file from hand-written parts, as `fflate` packs it. */
export function workbook(
  sheets: Sheet[],
  {
    strings = [],
    is1904 = false,
    parts = {},
  }: { strings?: string[]; is1904?: boolean; parts?: Zippable } = {},
): Uint8Array {
  const xml = (text: string) => strToU8(`<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n${text}`)
  const office = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'
  const relationships = (all: string[]) => xml(`<Relationships>${all.join('')}</Relationships>`)
  const relationship = (id: string, type: string, target: string) =>
    `<Relationship Id="${id}" Type="${office}/${type}" Target="${target}"/>`
  const files: Zippable = {
    '[Content_Types].xml': xml('<Types/>'),
    '_rels/.rels': relationships([relationship('r1', 'officeDocument', 'xl/workbook.xml')]),
    'xl/workbook.xml': xml(
      `<workbook xmlns:r="${office}"><workbookPr${is1904 ? ' date1904="1"' : ''}/><sheets>${sheets
        .map(
          ({ name, state }, i) =>
            `<sheet name="${name}" sheetId="${i + 1}"${state === undefined ? '' : ` state="${state}"`} r:id="s${i}"/>`,
        )
        .join('')}</sheets></workbook>`,
    ),
    'xl/_rels/workbook.xml.rels': relationships([
      ...sheets.map((_, i) => relationship(`s${i}`, 'worksheet', `/xl/worksheets/sheet${i}.xml`)),
      relationship('t', 'sharedStrings', 'sharedStrings.xml'),
      relationship('y', 'styles', 'styles.xml'),
    ]),
    'xl/sharedStrings.xml': xml(`<sst>${strings.map((string) => `<si>${string}</si>`).join('')}</sst>`),
    'xl/styles.xml': xml(STYLES),
  }
  for (const [i, { rows }] of sheets.entries()) {
    files[`xl/worksheets/sheet${i}.xml`] = xml(`<worksheet><sheetData>${rows}</sheetData></worksheet>`)
  }
  return zipSync({ ...files, ...parts })
}

export function row(number: number, ...cells: string[]): string {
  return `<row r="${number}">${cells.join('')}</row>`
}

/** A cell with a number; `style` of STYLE. */
export function number(reference: string, value: number | string, style = 0): string {
  return `<c r="${reference}" s="${style}"><v>${value}</v></c>`
}

/** A cell with its own text. */
export function text(reference: string, value: string): string {
  return `<c r="${reference}" t="inlineStr"><is><t xml:space="preserve">${value}</t></is></c>`
}

export function shared(reference: string, index: number): string {
  return `<c r="${reference}" t="s"><v>${index}</v></c>`
}
