/**
 * Bytes that decide whether a guard of a conversion is needed at all: `_`, signs, exponents, the letters of NaN, Infinity and
 * hexadecimal numbers, of zones in a time, and white space other than a blank or a tab.
 */
const WATCHED = '_+eEnNxXbBoOZC.\v\f'

/** What is known of the text of a file before any of it is converted. */
export interface TextFacts {
  /** False: none of these characters is anywhere in the records. */
  mayHave(characters: string): boolean
  /** No field is quoted, so none holds a line end. */
  isSimple: boolean
  /** Bytes of the longest record. */
  longest: number
}

/** Nothing is known. */
export const ANY_TEXT: TextFacts = { mayHave: () => true, isSimple: false, longest: Infinity }

/** Learns, chunk by chunk, which of the watched bytes occur. A byte once seen is not looked for again. */
export class ByteCensus {
  private absent = Array.from(Buffer.from(WATCHED))

  add(chunk: Buffer): void {
    if (this.absent.some((byte) => chunk.includes(byte))) {
      this.absent = this.absent.filter((byte) => !chunk.includes(byte))
    }
  }

  facts(longest: number): TextFacts {
    const absent = Buffer.from(this.absent).toString('latin1')
    return {
      mayHave: (characters) => [...characters].some((character) => !absent.includes(character)),
      isSimple: true,
      longest,
    }
  }
}
