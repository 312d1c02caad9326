import { displayWidth, fitted } from './display-width.js'

const CLEAR_LINE = '\r\u001B[K'
const UP_AND_CLEAR = '\u001B[1A\u001B[K'
const USUAL_COLUMNS = 80

/** One line at the bottom of a terminal that is written over and over. It hides no cursor, so there is nothing to restore. */
export class LiveLine {
  readonly #write: (text: string) => void
  readonly #columns: () => number
  #text = ''
  #drawnWidth = 0

  constructor(
    write: (text: string) => void,
    columns: () => number = () => process.stderr.columns || USUAL_COLUMNS,
  ) {
    this.#write = write
    this.#columns = columns
  }

  /** @param text without line breaks; what finds no room is cut off, and '' takes the line away */
  set(text: string): void {
    if (text === this.#text) return
    this.#text = text
    this.#write(this.#erased() + this.#drawn())
  }

  /** Lets something else be written above the line. */
  above(say: () => void): void {
    const erased = this.#erased()
    if (erased !== '') this.#write(erased)
    say()
    const drawn = this.#drawn()
    if (drawn !== '') this.#write(drawn)
  }

  #erased(): string {
    if (this.#drawnWidth === 0) return ''
    // A terminal that became narrower has wrapped the line.
    const rows = Math.ceil(this.#drawnWidth / this.#columns())
    this.#drawnWidth = 0
    return CLEAR_LINE + UP_AND_CLEAR.repeat(rows - 1)
  }

  #drawn(): string {
    // In the last column some terminals wrap at once.
    const text = fitted(this.#text, Math.max(1, this.#columns() - 1))
    this.#drawnWidth = displayWidth(text)
    return text
  }
}
