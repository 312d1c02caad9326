import { expect } from 'chai'
import { createReporter, type Reporter } from '../../src/ui/reporter.js'
import { EngineLines } from '../../src/ui/engine-lines.js'
import type { Streams } from '../../src/ui/streams.js'
import type { EngineEvent } from '../../src/engine/events.js'

const RUN: EngineEvent[] = [
  { type: 'run.started', kind: 'apply', total: 5 },
  { type: 'resource.started', id: 'network/vpc', resourceType: 'AWS::EC2::VPC' },
  {
    type: 'resource.finished',
    id: 'network/vpc',
    resourceType: 'AWS::EC2::VPC',
    action: 'create',
    changes: [],
    elapsedMs: 1200,
  },
  {
    type: 'resource.finished',
    id: 'network/igw',
    resourceType: 'AWS::EC2::InternetGateway',
    action: 'unchanged',
    changes: [],
    elapsedMs: 5,
  },
  {
    type: 'resource.finished',
    id: 'storage/raw',
    resourceType: 'AWS::S3::Bucket',
    action: 'update',
    changes: [
      { path: 'versioning', from: null, to: 'Enabled', replaces: false },
      { path: 'tags.Name', from: null, to: 'raw', replaces: false },
    ],
    elapsedMs: 300,
  },
  {
    type: 'resource.failed',
    id: 'security/key',
    resourceType: 'AWS::KMS::Key',
    error: new Error('no\nway'),
    elapsedMs: 30,
  },
  {
    type: 'resource.skipped',
    id: 'storage/logs',
    resourceType: 'AWS::S3::Bucket',
    reason: 'needs security/key',
  },
  { type: 'run.finished', kind: 'apply', elapsedMs: 1500 },
]

const RUN_LINES = [
  'Working on 5 resources',
  '+ created network/vpc (1.2 s)',
  '~ updated storage/raw: versioning, tags.Name (300 ms)',
  '! failed security/key: no',
  '  skipped storage/logs: needs security/key',
]

interface Caught extends Streams {
  written: { out: string; err: string }
}

function streams(): Caught {
  const written = { out: '', err: '' }
  return {
    written,
    out: (text) => void (written.out += text),
    err: (text) => void (written.err += text),
    outIsTerminal: false,
    errIsTerminal: false,
  }
}

async function use(flags: { json?: boolean; quiet?: boolean }, act: (reporter: Reporter) => void) {
  const caught = streams()
  const reporter = await createReporter({
    json: false,
    quiet: false,
    color: true,
    streams: caught,
    env: {},
    ...flags,
  })
  act(reporter)
  await reporter.close()
  return caught.written
}

function everything(reporter: Reporter): void {
  reporter.info('progress')
  for (const event of RUN) reporter.engine(event)
  reporter.warn('careful')
  reporter.urgent('stopping')
  reporter.out('data')
  reporter.table(['a'], [[1]])
}

describe('reporters', () => {
  it('plain: a line for everything that happens, progress apart from data', async () => {
    const { err, out } = await use({}, everything)
    expect(err).to.equal(['progress', ...RUN_LINES, 'Warning: careful', 'stopping', ''].join('\n'))
    expect(out).to.equal('data\na\n1\n')
  })

  it('quiet: data, warnings and what is urgent', async () => {
    const { err, out } = await use({ quiet: true }, everything)
    expect(err).to.equal('Warning: careful\nstopping\n')
    expect(out).to.equal('data\na\n1\n')
  })

  it('under --json: nothing at all beside the document', async () => {
    expect(await use({ json: true, quiet: true }, everything)).to.deep.equal({ out: '', err: '' })
  })

  it('is plain in CI even where stderr looks like a terminal', async () => {
    const caught = { ...streams(), errIsTerminal: true, outIsTerminal: true }
    for (const env of [{ CI: 'true' }, { TERM: 'dumb' }]) {
      const reporter = await createReporter({ json: false, quiet: false, color: true, streams: caught, env })
      expect(reporter.constructor.name).to.equal('PlainReporter')
    }
  })

  it('uses colours only on a terminal, and not when told not to', async () => {
    const terminal = { ...streams(), outIsTerminal: true }
    const base = { json: false, quiet: true, color: true, env: {}, streams: terminal }
    expect((await createReporter(base)).colors.isColorSupported).to.equal(true)
    expect((await createReporter({ ...base, color: false })).colors.isColorSupported).to.equal(false)
    expect((await createReporter({ ...base, env: { NO_COLOR: '1' } })).colors.isColorSupported).to.equal(
      false,
    )
    expect((await createReporter({ ...base, streams: streams() })).colors.isColorSupported).to.equal(false)
  })
})

describe('EngineLines', () => {
  let now: number
  let lines: string[]
  let engine: EngineLines
  beforeEach(() => {
    now = 0
    lines = []
    engine = new EngineLines(
      (line) => void lines.push(line),
      () => now,
    )
  })
  afterEach(() => {
    engine.stop()
  })
  const send = (...events: EngineEvent[]) => {
    for (const event of events) engine.listener(event)
  }
  const nat = { id: 'network/nat', resourceType: 'AWS::EC2::NatGateway' }
  const at = (time: number) => {
    now = time
    engine.tick()
  }

  it('says every ten seconds what is still under way', () => {
    send({ type: 'run.started', kind: 'apply', total: 1 }, { type: 'resource.started', ...nat })
    at(9000)
    at(10_000)
    at(15_000)
    at(20_500)
    send({ type: 'resource.finished', ...nat, action: 'create', changes: [], elapsedMs: 25_000 })
    at(40_000)
    expect(lines).to.deep.equal([
      'Working on 1 resource',
      '… network/nat: still working on nat gateway [10s]',
      '… network/nat: still working on nat gateway [20s]',
      '+ created network/nat (25.0 s)',
    ])
  })

  it('says what it waits for, and not twice within ten seconds', () => {
    send({ type: 'run.started', kind: 'destroy', total: 1 }, { type: 'resource.started', ...nat })
    now = 10_000
    send({ type: 'resource.waiting', id: nat.id, message: 'waiting for nat-1 to go', elapsedMs: 10_000 })
    at(19_000)
    at(20_000)
    expect(lines).to.deep.equal([
      'Removing 1 resource',
      '… network/nat: waiting for nat-1 to go [10s]',
      '… network/nat: waiting for nat-1 to go [20s]',
    ])
  })

  it('tells what became of each thing that is removed', () => {
    const type = 'AWS::X::Y'
    const deleted = (id: string, deletion: Extract<EngineEvent, { type: 'resource.deleted' }>['deletion']) =>
      send({ type: 'resource.deleted', id, resourceType: type, deletion, elapsedMs: 400 })
    send({ type: 'run.started', kind: 'destroy', total: 5 })
    deleted('a', { status: 'deleted' })
    deleted('b', { status: 'absent' })
    deleted('c', { status: 'scheduled', until: '2026-12-24T10:00:00.000Z' })
    deleted('d', { status: 'retained' })
    deleted('e', { status: 'blocked', by: ['eni-1', 'eni-2'] })
    expect(lines.slice(1)).to.deep.equal([
      '- deleted a (400 ms)',
      '- c will be gone on 2026-12-24: AWS keeps it until then, free of charge',
      '  kept d, with the data',
      '! e is still there, held by eni-1, eni-2',
    ])
  })

  it('has one line for all that a stopping run leaves out', () => {
    const skipped = (id: string): EngineEvent => ({
      type: 'resource.skipped',
      id,
      resourceType: 'AWS::X::Y',
      reason: 'interrupted',
    })
    send({ type: 'run.started', kind: 'apply', total: 2 }, skipped('a'), skipped('b'))
    send({ type: 'run.finished', kind: 'apply', elapsedMs: 3 })
    expect(lines.slice(1)).to.deep.equal(['  2 resources not finished: interrupted'])
  })

  it('does not repeat a plan that is printed afterwards', () => {
    send(
      { type: 'run.started', kind: 'plan', total: 1 },
      { type: 'resource.started', ...nat },
      { type: 'resource.finished', ...nat, action: 'create', changes: [], elapsedMs: 2 },
      { type: 'run.finished', kind: 'plan', elapsedMs: 3 },
    )
    expect(lines).to.deep.equal(['Reading 1 resource'])
  })
})
