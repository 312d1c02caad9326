import { expect } from 'chai'
import type { Stage, TransformEvent } from '../../src/transform/types.js'
import { displayWidth, fitted, harmless } from '../../src/ui/display-width.js'
import { LiveLine } from '../../src/ui/live-line.js'
import { createReporter } from '../../src/ui/reporter.js'
import { bars, showsUnicode } from '../../src/ui/transform-histogram.js'
import { TransformProgress, TransformTally } from '../../src/ui/transform-progress.js'

const started = (stage: Stage): TransformEvent => ({ type: 'stage', stage, state: 'started' })
const finished = (stage: Stage): TransformEvent => ({
  type: 'stage',
  stage,
  state: 'finished',
  durationMs: 12,
})
const bytes = (done: number, total: number, stage: Stage = 'read'): TransformEvent => ({
  type: 'progress',
  stage,
  done,
  total,
  unit: 'bytes',
})

/** What a terminal of one screen line per text line shows in the end; enough of one for `\r`, erasing and cursor up. */
function screen(written: string): string[] {
  const rows = ['']
  let [row, column] = [0, 0]
  for (const token of written.match(/\u001B\[1A|\u001B\[K|[^]/gu) ?? []) {
    if (token === '\r') column = 0
    else if (token === '\u001B[1A') row -= 1
    else if (token === '\u001B[K') rows[row] = (rows[row] ?? '').slice(0, column)
    else if (token === '\n') {
      row += 1
      column = 0
      rows[row] ??= ''
    } else {
      const line = (rows[row] ?? '').padEnd(column)
      rows[row] = line.slice(0, column) + token + line.slice(column + 1)
      column += 1
    }
  }
  return rows
}

describe('the live line', () => {
  let written = ''
  let columns = 40
  const write = (text: string) => (written += text)
  const line = () => new LiveLine(write, () => columns)
  beforeEach(() => {
    written = ''
    columns = 40
  })

  it('is written over, and leaves nothing when it is taken away', () => {
    const live = line()
    live.set('reading 10 %')
    live.set('read 5 %')
    expect(screen(written)).to.deep.equal(['read 5 %'])
    live.set('')
    expect(screen(written)).to.deep.equal([''])
  })

  it('lets text be written above it', () => {
    const live = line()
    live.set('reading')
    live.above(() => write('Warning: x\n'))
    expect(screen(written)).to.deep.equal(['Warning: x', 'reading'])
  })

  it('writes only the text where there is no line', () => {
    line().above(() => write('Warning: x\n'))
    expect(written).to.equal('Warning: x\n')
  })

  it('never reaches the last column, however wide the characters', () => {
    columns = 12
    const live = line()
    live.set('測定データ.csv: reading')
    expect(displayWidth(screen(written)[0] ?? '')).to.be.at.most(11)
    expect(screen(written)[0]).to.match(/^測定.*…$/u)
  })

  it('erases all rows that a narrower terminal has made of it', () => {
    const live = line()
    live.set('0123456789012345678901234567')
    columns = 10
    written = ''
    live.set('')
    // 28 characters are three rows of 10.
    expect(written).to.equal(`\r\u001B[K${'\u001B[1A\u001B[K'.repeat(2)}`)
  })
})

describe('the progress of a transform', () => {
  let now = 0
  beforeEach(() => (now = 0))
  const tallyOf = (...files: string[]) => new TransformTally(files, () => now)

  it('tells share, time left, bytes and rate once it can be measured', () => {
    const tally = tallyOf('/data/a.csv')
    tally.add('/data/a.csv', started('read'))
    expect(tally.line).to.equal('a.csv: reading')
    tally.add('/data/a.csv', bytes(0, 2_600_000_000))
    now = 500
    tally.add('/data/a.csv', bytes(100_000_000, 2_600_000_000))
    expect(tally.line).to.equal('a.csv: reading 3 %, 100 MB of 2.6 GB')
    now = 10_000
    tally.add('/data/a.csv', bytes(1_300_000_000, 2_600_000_000))
    expect(tally.line).to.equal('a.csv: reading 50 %, 10.0 s left, 1.3 GB of 2.6 GB, 130 MB/s')
  })

  it('measures each statement of a stage by itself', () => {
    const tally = tallyOf('a.csv')
    tally.add('a.csv', started('read'))
    tally.add('a.csv', bytes(0, 1000))
    now = 100_000
    tally.add('a.csv', bytes(1000, 1000))
    tally.add('a.csv', bytes(0, 1000))
    now = 101_000
    tally.add('a.csv', bytes(500, 1000))
    expect(tally.line).to.equal('a.csv: reading 50 %, 1.0 s left, 500 B of 1.0 kB, 500 B/s')
  })

  it('promises nothing of a file that unpacks to more than its size', () => {
    const tally = tallyOf('a.csv.gz')
    tally.add('a.csv.gz', started('prescan'))
    tally.add('a.csv.gz', bytes(0, 10, 'prescan'))
    now = 2000
    tally.add('a.csv.gz', bytes(4000, 10, 'prescan'))
    expect(tally.line).to.equal('a.csv.gz: counting rows 4.0 kB, 2.0 kB/s')
  })

  it('counts files, and tells how long a stage without progress takes', () => {
    const tally = tallyOf('a.csv', 'b.csv')
    tally.add('b.csv', started('audit'))
    now = 12_000
    expect(tally.line).to.equal('[2/2] b.csv: auditing [12s]')
    tally.add('b.csv', finished('audit'))
    expect(tally.line).to.equal('')
  })

  it('is a live line on a terminal, a line per stage elsewhere, and nothing under --quiet and --json', async () => {
    const written = async (terminal: boolean, flags: { json?: boolean; quiet?: boolean }) => {
      let text = ''
      const say = (more: string) => void (text += more)
      const streams = { out: say, err: say, outIsTerminal: terminal, errIsTerminal: terminal }
      const reporter = await createReporter({
        json: false,
        quiet: false,
        color: true,
        ...flags,
        streams,
        env: { NO_COLOR: '1' },
      })
      const progress = new TransformProgress(reporter, ['a.csv'])
      for (const event of [started('read'), bytes(1, 10), finished('read')]) progress.listener('a.csv', event)
      progress.end()
      await reporter.close()
      return text
    }
    const live = await written(true, {})
    expect(live).to.contain('a.csv: reading')
    expect(screen(live)).to.deep.equal([''])
    expect(await written(false, {})).to.equal('a.csv: read (12 ms)\n')
    for (const terminal of [true, false]) {
      expect(await written(terminal, { quiet: true })).to.equal('')
      expect(await written(terminal, { json: true })).to.equal('')
    }
  })

  it('gives the line back around warnings and data', async () => {
    let text = ''
    const say = (more: string) => void (text += more)
    const streams = { out: say, err: say, outIsTerminal: true, errIsTerminal: true }
    const reporter = await createReporter({ json: false, quiet: false, color: false, streams, env: {} })
    const progress = new TransformProgress(reporter, ['a.csv'])
    progress.listener('a.csv', started('read'))
    reporter.warn('careful')
    reporter.out('data')
    reporter.urgent('Stopping')
    expect(screen(text)).to.deep.equal(['Warning: careful', 'data', 'Stopping', 'a.csv: reading'])
    progress.end()
    await reporter.close()
    expect(screen(text)).to.deep.equal(['Warning: careful', 'data', 'Stopping', ''])
  })
})

describe('text for a terminal', () => {
  it('keeps what fits', () => {
    expect(fitted('abcdef', 6)).to.equal('abcdef')
    expect(fitted('abcdef', 5)).to.equal('abcd…')
    expect(fitted('漢字漢字', 5)).to.equal('漢字…')
    expect(displayWidth('e\u0301')).to.equal(1)
  })

  it('lets no value move the cursor', () => {
    expect(harmless('a\u001B[2Jb\n\tc\u009b')).to.equal('a\\x1b[2Jb\\n\\tc\\x9b')
  })

  it('draws bars in blocks, or in ASCII', () => {
    expect(bars([0, 1, 50, 100], true)).to.equal(' ▁▄█')
    expect(bars([0, 1, 50, 100], false)).to.equal(' .=@')
    expect(bars([0], true)).to.equal(' ')
  })

  it('believes the locale', () => {
    expect(showsUnicode({ LANG: 'en_US.UTF-8' }, 'linux')).to.equal(true)
    expect(showsUnicode({ LC_ALL: 'C', LANG: 'en_US.UTF-8' }, 'linux')).to.equal(false)
    expect(showsUnicode({}, 'linux')).to.equal(false)
    expect(showsUnicode({ LANG: 'en_US.UTF-8', TERM: 'linux' }, 'linux')).to.equal(false)
    expect(showsUnicode({ WT_SESSION: 'x' }, 'win32')).to.equal(true)
  })
})
