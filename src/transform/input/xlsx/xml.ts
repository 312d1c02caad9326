import { SaxesParser } from 'saxes'

/** The text is not XML as a workbook has it; says why. */
export class XmlProblem extends Error {}

export type Attributes = ReadonlyMap<string, string>

export interface XmlHandler {
  /** Names without their namespace. */
  open: (name: string, attributes: () => Attributes) => void
  close: (name: string) => void
  text: (text: string) => void
}

/** A tag, text, comment or the like longer than this is no part of a workbook. */
const LONGEST_TOKEN = 16 * 1024 * 1024
const DEEPEST = 256

/**
 * Reads the XML of a workbook piece by piece. A document type is refused, so no entity means anything but the five of XML:
 * nothing expands, nothing is fetched.
 */
export class XmlReader {
  private readonly parser: SaxesParser
  private readonly decoder = new TextDecoder('utf-8', { fatal: true })
  private isAtEnd = false
  private depth = 0
  /** Characters since the last event: what the parser still holds. */
  private pending = 0

  /** @param name what messages call the text */
  constructor(name: string, handler: XmlHandler) {
    this.parser = new SaxesParser({ fileName: name })
    this.parser.on('error', (error) => {
      const what = this.isAtEnd ? 'it ends too early' : 'its XML is not well-formed'
      throw new XmlProblem(`${what} (${error.message.replace(/\.$/, '')})`, { cause: error })
    })
    this.parser.on('doctype', () => {
      throw new XmlProblem('it has a document type')
    })
    this.parser.on('opentag', (tag) => {
      this.pending = 0
      this.depth += 1
      if (this.depth > DEEPEST) throw new XmlProblem('its tags are nested too deep')
      handler.open(local(tag.name), () => localNames(tag.attributes))
    })
    this.parser.on('closetag', (tag) => {
      this.pending = 0
      this.depth -= 1
      handler.close(local(tag.name))
    })
    const text = (content: string) => {
      this.pending = 0
      handler.text(content)
    }
    this.parser.on('text', text)
    this.parser.on('cdata', text)
  }

  /** @throws XmlProblem */
  write(chunk: Uint8Array): void {
    this.pending += chunk.length
    this.parser.write(this.decode(chunk, true))
    if (this.pending > LONGEST_TOKEN) throw new XmlProblem('a tag or text is too long')
  }

  /** @throws XmlProblem when something is still open */
  end(): void {
    this.parser.write(this.decode(new Uint8Array(0), false))
    this.isAtEnd = true
    this.parser.close()
  }

  private decode(chunk: Uint8Array, stream: boolean): string {
    try {
      return this.decoder.decode(chunk, { stream })
    } catch (error) {
      throw new XmlProblem('it is not UTF-8', { cause: error })
    }
  }
}

function localNames(attributes: Readonly<Record<string, string>>): Attributes {
  return new Map(Object.entries(attributes).map(([name, value]) => [local(name), value]))
}

function local(name: string): string {
  return name.slice(name.indexOf(':') + 1)
}
