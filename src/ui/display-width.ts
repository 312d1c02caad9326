/** Characters of two columns: East Asian wide ones and emoji (Unicode TR 11). */
const WIDE =
  /[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6\u{20000}-\u{3FFFD}]|\p{Emoji_Presentation}/u
const WITHOUT_WIDTH = /^(?:\p{M}|\p{Cf})$/u
const CONTROL = /\p{Cc}/gu
const ELLIPSIS = '…'

/** Columns that a text without control characters takes on a terminal. */
export function displayWidth(text: string): number {
  let width = 0
  for (const character of text) width += widthOf(character)
  return width
}

/** The beginning of a text that fits into so many columns, with an ellipsis when something is missing. */
export function fitted(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text
  let width = 0
  let kept = ''
  for (const character of text) {
    width += widthOf(character)
    if (width > columns - 1) break
    kept += character
  }
  return kept + ELLIPSIS
}

/** A text from a file that cannot move the cursor, ring the bell or colour the screen. */
export function harmless(text: string): string {
  return text.replace(CONTROL, (character) => {
    const code = character.charCodeAt(0).toString(16).padStart(2, '0')
    return { '\n': '\\n', '\r': '\\r', '\t': '\\t' }[character] ?? `\\x${code}`
  })
}

function widthOf(character: string): number {
  if (WITHOUT_WIDTH.test(character)) return 0
  return WIDE.test(character) ? 2 : 1
}
