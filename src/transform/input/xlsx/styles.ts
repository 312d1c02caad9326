import type { XmlHandler } from './xml.js'

/** How a number is shown, as far as it says what the number means. */
export type NumberStyle = 'number' | 'date' | 'datetime' | 'time' | 'duration'

/** The formats that are the same in every workbook (ECMA-376, 18.8.30), where they are no plain numbers. */
const BUILT_IN: Readonly<Record<number, NumberStyle>> = {
  14: 'date',
  15: 'date',
  16: 'date',
  17: 'date',
  18: 'time',
  19: 'time',
  20: 'time',
  21: 'time',
  22: 'datetime',
  27: 'date',
  28: 'date',
  29: 'date',
  30: 'date',
  31: 'date',
  32: 'time',
  33: 'time',
  34: 'time',
  35: 'time',
  36: 'date',
  45: 'time',
  46: 'duration',
  47: 'time',
  50: 'date',
  51: 'date',
  52: 'date',
  53: 'date',
  54: 'date',
  55: 'time',
  56: 'time',
  57: 'date',
  58: 'date',
}

/** What a format code such as `yyyy-mm-dd hh:mm` shows. */
export function styleOf(code: string): NumberStyle {
  // Of the sections for positive, negative, zero and text, the first one decides.
  const plain = code.replace(/"[^"]*"|\\.|_.|\*./g, '')
  const [first = ''] = plain.split(';')
  if (/\[(h+|m+|s+)\]/i.test(first)) return 'duration'
  const letters = first
    .replace(/\[[^\]]*\]/g, '')
    .replace(/general|am\/pm|a\/p/gi, (word) => (/^g/i.test(word) ? '' : 'h'))
  const hasClock = /[hs]/i.test(letters)
  const hasDay = /[yd]/i.test(letters) || (/m/i.test(letters) && !hasClock)
  if (hasDay) return hasClock ? 'datetime' : 'date'
  return hasClock ? 'time' : 'number'
}

/** Reads styles.xml: what each cell style shows, by its number. */
export class Styles implements XmlHandler {
  private readonly custom = new Map<number, NumberStyle>()
  private readonly formats: number[] = []
  private isInCells = false

  of(style: number): NumberStyle {
    const format = this.formats[style] ?? 0
    return this.custom.get(format) ?? BUILT_IN[format] ?? 'number'
  }

  open(name: string, attributes: () => ReadonlyMap<string, string>): void {
    if (name === 'cellXfs') this.isInCells = true
    else if (name === 'numFmt') {
      const all = attributes()
      this.custom.set(Number(all.get('numFmtId')), styleOf(all.get('formatCode') ?? ''))
    } else if (name === 'xf' && this.isInCells) this.formats.push(Number(attributes().get('numFmtId') ?? 0))
  }

  close(name: string): void {
    if (name === 'cellXfs') this.isInCells = false
  }

  text(): void {
    // Nothing in there is text.
  }
}
