import { expect } from 'chai'
import pc from 'picocolors'
import { printable, printableJson } from '../../src/ui/printable.js'
import { createReporter } from '../../src/ui/reporter.js'

const HOSTILE: [what: string, text: string, shown: string][] = [
  ['clears the screen', 'a\u001B[2Jb', 'a\\e[2Jb'],
  ['moves the cursor', 'a\u001B[1A\u001B[Kb', 'a\\e[1A\\e[Kb'],
  ['sets the title', '\u001B]0;x\u0007', '\\e]0;x\\x07'],
  ['links to elsewhere', '\u001B]8;;http://evil\u001B\\x', '\\e]8;;http://evil\\e\\x'],
  ['writes to the clipboard', '\u001B]52;c;eA==\u0007', '\\e]52;c;eA==\\x07'],
  ['asks the terminal to answer', '\u001B[6n\u001B[c', '\\e[6n\\e[c'],
  ['hides text', '\u001B[8mx\u001B[0m', '\\e[8mx\u001B[0m'],
  ['writes over the line', 'bad\rgood', 'bad\\rgood'],
  ['takes letters back', 'ab\b\bcd', 'ab\\b\\bcd'],
  ['does it in one character', 'a\u009B2Jb\u009D0;x\u009C', 'a\\x9b2Jb\\x9d0;x\\x9c'],
  ['turns the text around', 'invoice\u202Efdp.exe\u2066', 'invoice\\u202efdp.exe\\u2066'],
  ['ends the text', 'a\0b\u007F', 'a\\x00b\\x7f'],
]

describe('text of others on a terminal', () => {
  for (const [what, text, shown] of HOSTILE) {
    it(`that ${what} is shown`, () => expect(printable(text)).to.equal(shown))
  }

  it('keeps lines, tabs, letters of all scripts and our own colours', () => {
    const colors = pc.createColors(true)
    const { bold, cyan, dim, green, red, underline, yellow } = colors
    const text = `${red('a')}\t${bold(green('ø'))}\r\n${dim(cyan('日本'))} ${yellow('👩‍💻')}${underline('x')}${colors.bgRed('y')}\n`
    expect(printable(text)).to.equal(text)
  })

  const printed = async (isTerminal: boolean) => {
    const out: string[] = []
    const err: string[] = []
    const reporter = await createReporter({
      json: false,
      quiet: false,
      color: false,
      env: { CI: '1' },
      streams: {
        out: (text) => out.push(text),
        err: (text) => err.push(text),
        outIsTerminal: isTerminal,
        errIsTerminal: isTerminal,
      },
    })
    reporter.out('o\u001B[2J')
    reporter.table(['c'], [['t\u001B[2J']])
    reporter.info('i\u001B[2J')
    reporter.warn('w\u001B[2J')
    await reporter.close()
    return { out: out.join(''), err: err.join('') }
  }

  it('is harmless in everything that a command says', async () => {
    const { err, out } = await printed(true)
    expect(out + err).not.to.include('\u001B')
    expect(out).to.include('o\\e[2J').and.include('t\\e[2J')
    expect(err).to.include('i\\e[2J').and.include('w\\e[2J')
  })

  it('is data where stdout is no terminal, and harmless on stderr even there', async () => {
    const { err, out } = await printed(false)
    expect(out).to.include('o\u001B[2J')
    expect(err).not.to.include('\u001B')
  })

  it('stays the same JSON', () => {
    const value = { a: HOSTILE.map(([, text]) => text), 'k\u009B2J': '\u202E' }
    const json = printableJson(JSON.stringify(value))
    expect(json).to.match(/^[^\p{Cc}\u202A-\u202E\u2066-\u2069]*$/u)
    expect(JSON.parse(json)).to.deep.equal(value)
  })
})
