import { SharedStrings } from './strings.js'
import { Styles } from './styles.js'
import { XmlReader, type Attributes, type XmlHandler } from './xml.js'
import type { Zip } from './zip.js'

/** A worksheet and where it is in the archive. */
export interface SheetPart {
  name: string
  part: string
  isHidden: boolean
}

/** What reading any sheet of a workbook needs. */
export interface Workbook {
  zip: Zip
  /** Without chart sheets, in the order of their tabs. */
  sheets: SheetPart[]
  strings: readonly string[]
  styles: Styles
  is1904: boolean
}

/** It is a ZIP archive, but of something else. */
export class NoWorkbook extends Error {}

/**
 * Opens a workbook: its sheets, shared texts and styles.
 * @throws ZipProblem, XmlProblem, TooLarge, NoWorkbook
 */
export async function openWorkbookParts(zip: Zip): Promise<Workbook> {
  if (zip.has('mimetype')) throw new NoWorkbook('an OpenDocument file')
  if (!zip.has('_rels/.rels')) throw new NoWorkbook('a ZIP archive without a workbook in it')
  const root = await relations(zip, '_rels/.rels', '')
  const main = root.find(({ type }) => type === 'officeDocument')?.target
  if (main === undefined) throw new NoWorkbook('a ZIP archive without a workbook in it')
  if (main.endsWith('.bin')) throw new NoWorkbook('a binary workbook (.xlsb)')
  const folder = main.slice(0, main.lastIndexOf('/') + 1)
  const file = main.slice(folder.length)
  const parts = await relations(zip, `${folder}_rels/${file}.rels`, folder)
  const contents = new Contents()
  await readPart(zip, main, contents)
  if (!contents.isWorkbook) throw new NoWorkbook('an Office document, but no workbook')
  const strings = new SharedStrings()
  const styles = new Styles()
  for (const { type, target } of parts) {
    if (type === 'sharedStrings') await readPart(zip, target, strings)
    else if (type === 'styles') await readPart(zip, target, styles)
  }
  const sheets = contents.sheets.flatMap(({ name, id, isHidden }) => {
    const part = parts.find((relation) => relation.id === id)
    return part?.type === 'worksheet' ? [{ name, part: part.target, isHidden }] : []
  })
  return { zip, sheets, strings: strings.strings, styles, is1904: contents.is1904 }
}

/** Reads one part of the archive as XML. */
export async function readPart(
  zip: Zip,
  part: string,
  handler: XmlHandler,
  pause?: () => Promise<void>,
): Promise<void> {
  const reader = new XmlReader(part, handler)
  for await (const chunk of zip.read(part)) {
    reader.write(chunk)
    await pause?.()
  }
  reader.end()
}

interface Relation {
  id: string
  /** The last word of its type: transitional and strict workbooks differ in what comes before. */
  type: string
  target: string
}

async function relations(zip: Zip, part: string, folder: string): Promise<Relation[]> {
  const found: Relation[] = []
  await readPart(zip, part, {
    open: (name, attributes) => {
      if (name !== 'Relationship') return
      const all = attributes()
      const target = all.get('Target') ?? ''
      found.push({
        id: all.get('Id') ?? '',
        type: (all.get('Type') ?? '').split('/').at(-1) ?? '',
        target: target.startsWith('/') ? target.slice(1) : resolved(folder + target),
      })
    },
    close: () => undefined,
    text: () => undefined,
  })
  return found
}

function resolved(path: string): string {
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '.') parts.push(part)
  }
  return parts.join('/')
}

class Contents implements XmlHandler {
  readonly sheets: { name: string; id: string; isHidden: boolean }[] = []
  is1904 = false
  isWorkbook = false

  open(name: string, attributes: () => Attributes): void {
    if (name === 'workbook') this.isWorkbook = true
    else if (name === 'workbookPr') this.is1904 = /^(1|true|on)$/.test(attributes().get('date1904') ?? '')
    else if (name === 'sheet') {
      const all = attributes()
      this.sheets.push({
        name: all.get('name') ?? '',
        id: all.get('id') ?? '',
        isHidden: (all.get('state') ?? 'visible') !== 'visible',
      })
    }
  }

  close(): void {
    // What counts is in the attributes.
  }

  text(): void {
    // What counts is in the attributes.
  }
}
