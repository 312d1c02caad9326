import type { XmlHandler } from './xml.js'
import { TooLarge } from './zip.js'

/** More text than this is not held in memory. */
const MOST_CHARACTERS = 256 * 1024 * 1024

/** Gathers the text of a string: plain or rich (in runs), without the hints how to pronounce it. */
export class StringText {
  private value = ''
  private isInText = false
  private phonetic = 0

  open(name: string): void {
    if (name === 'rPh') this.phonetic += 1
    else if (name === 't') this.isInText = this.phonetic === 0
  }

  close(name: string): void {
    if (name === 'rPh') this.phonetic -= 1
    else if (name === 't') this.isInText = false
  }

  text(text: string): void {
    if (this.isInText) this.value += text
  }

  /** The text so far, and an empty one from then on. */
  take(): string {
    const text = unescaped(this.value)
    this.value = ''
    return text
  }
}

/** Characters that XML cannot hold stand as `_x000D_`; an underscore that only looks so, as `_x005F_`. */
export function unescaped(text: string): string {
  if (!text.includes('_x')) return text
  return text.replace(/_x([0-9a-fA-F]{4})_/g, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  )
}

/** Reads sharedStrings.xml: texts that cells name by their number. */
export class SharedStrings implements XmlHandler {
  readonly strings: string[] = []
  private readonly current = new StringText()
  private characters = 0

  open(name: string): void {
    this.current.open(name)
  }

  close(name: string): void {
    this.current.close(name)
    if (name !== 'si') return
    const text = this.current.take()
    this.characters += text.length
    if (this.characters > MOST_CHARACTERS) {
      throw new TooLarge(`its texts have more than ${MOST_CHARACTERS} characters`)
    }
    this.strings.push(text)
  }

  text(text: string): void {
    this.current.text(text)
  }
}
