/** Colours and weights that this program uses itself (picocolors): they change how text looks, and neither hide nor move it. */
const STYLE = /\u001B\[(?:0|1|2|3|4|7|9|2[2-9]|3\d|4\d|9[0-7]|10[0-7])m/y

/** Control characters, and what turns the direction of text around, so that it reads as something else. */
const HARMFUL = /[\p{Cc}\u202A-\u202E\u2066-\u2069]/u

const NAMES: Record<string, string> = { '\r': '\\r', '\b': '\\b', '\u001B': '\\e' }

/**
 * Text as a terminal may have it: what came out of a file, a name or an answer of a server cannot move the cursor, clear the
 * screen, set the title, answer in the user's name or hide anything. Line breaks, tabs and our own colours stay.
 */
export function printable(text: string): string {
  if (!HARMFUL.test(text)) return text
  let safe = ''
  for (let at = 0; at < text.length;) {
    STYLE.lastIndex = at
    const style = STYLE.exec(text)?.[0]
    const character = style ?? String.fromCodePoint(text.codePointAt(at) ?? 0)
    const isLineEnd = character === '\r' && text.charAt(at + 1) === '\n'
    safe += style !== undefined || isLineEnd ? character : shown(character)
    at += character.length
  }
  return safe
}

/** JSON escapes the control characters of ASCII itself, but not those beyond, which some terminals obey as well. */
export function printableJson(json: string): string {
  return json.replace(
    /[\u007F-\u009F\u202A-\u202E\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

function shown(character: string): string {
  if (character === '\n' || character === '\t' || !HARMFUL.test(character)) return character
  const code = character.charCodeAt(0).toString(16)
  return NAMES[character] ?? (code.length > 2 ? `\\u${code}` : `\\x${code.padStart(2, '0')}`)
}
