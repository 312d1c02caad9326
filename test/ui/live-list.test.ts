import { Writable } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import { expect } from 'chai'
import type { EngineEvent } from '../../src/engine/events.js'
import { LiveList } from '../../src/ui/live-list.js'
import { groupTitle, wholeTitle } from '../../src/ui/live-titles.js'
import { Tally } from '../../src/ui/tally.js'

/** What log-update ends erasing with. */
const ERASED = '\u001B[G'
const TYPE = 'AWS::X::Y'
const started = (id: string): EngineEvent => ({ type: 'resource.started', id, resourceType: TYPE })
const created = (id: string): EngineEvent => ({
  type: 'resource.finished',
  id,
  resourceType: TYPE,
  action: 'create',
  changes: [],
  elapsedMs: 1,
})
const failed = (id: string): EngineEvent => ({
  type: 'resource.failed',
  id,
  resourceType: TYPE,
  error: new Error('x'),
  elapsedMs: 1,
})

function terminal(rows: number): { stream: NodeJS.WriteStream; text: () => string } {
  let text = ''
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      text += chunk.toString()
      done()
    },
  })
  return {
    stream: Object.assign(stream, { rows, columns: 100, isTTY: true }) as unknown as NodeJS.WriteStream,
    text: () => text,
  }
}

/** What is on the screen in the end: the last frame, after everything that was erased. */
function lastFrame(text: string): string[] {
  const afterErase = text.slice(text.lastIndexOf(ERASED) + ERASED.length)
  return stripVTControlCharacters(afterErase)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

async function play(
  kind: 'plan' | 'apply',
  rows: number,
  events: EngineEvent[],
  note?: string,
): Promise<string[]> {
  const { stream, text } = terminal(rows)
  const list = new LiveList(kind, stream)
  list.add({ type: 'run.started', kind, total: events.length })
  for (const event of events) list.add(event)
  if (note !== undefined) list.note(note)
  await list.end()
  return lastFrame(text())
}

describe('LiveList', () => {
  it('ends with one row for the whole and one per group, failed groups marked', async () => {
    const ids = ['network/vpc', 'network/subnet/a', 'storage/raw']
    const frame = await play('apply', 40, [...ids.map(created), failed('storage/logs')])
    expect(frame).to.deep.equal([
      '✔ 4 resources, 4 done',
      '✔ network: 2 created',
      '✖ storage: 1 created, 1 failed',
    ])
  })

  it('never grows beyond twenty rows, or beyond the screen', async () => {
    const ids = Array.from({ length: 60 }, (_, n) => `group${n}/x`)
    const tall = await play('apply', 100, ids.map(created))
    expect(tall).to.have.length(19)
    expect(tall.at(-1)).to.equal('✔ others: 43 created')
    expect(await play('apply', 10, ids.map(created))).to.have.length(8)
  })

  it('shows at once that the run is stopping', async () => {
    expect((await play('apply', 40, [started('a/b')], 'Stopping'))[0]).to.equal(
      '✔ 1 resource, 0 done. Stopping',
    )
  })

  it('leaves nothing on the screen after a plan', async () => {
    expect(await play('plan', 40, [created('a/b')])).to.deep.equal([])
  })
})

describe('titles of the live list', () => {
  it('tell what is done, what is under way, for how long, and what it waits for', () => {
    let now = 0
    const tally = new Tally(() => now)
    tally.add({ type: 'run.started', kind: 'apply', total: 3 })
    for (const event of [created('network/igw'), started('network/vpc'), started('network/nat')])
      tally.add(event)
    now = 12_000
    tally.add({
      type: 'resource.waiting',
      id: 'network/nat',
      message: 'waiting for nat-1',
      elapsedMs: 12_000,
    })
    expect(groupTitle('network', tally)).to.equal('network: 1 created; vpc [12s], waiting for nat-1 [12s]')
    expect(wholeTitle(tally)).to.equal('3 resources, 1 done')
  })

  it('speak of a plan in the future', () => {
    const tally = new Tally()
    tally.add({ type: 'run.started', kind: 'plan', total: 1 })
    tally.add(created('network/igw'))
    expect(groupTitle('network', tally)).to.equal('network: 1 to create')
    expect(wholeTitle(tally)).to.equal('1 resource, 1 read')
  })
})
