import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import { loadConfig, parseConfig } from '../../src/config/load.js'
import type { ConfigProblem } from '../../src/config/problem.js'
import { UsageError } from '../../src/errors.js'

function refused(action: () => unknown): UsageError {
  try {
    action()
  } catch (error) {
    if (error instanceof UsageError) return error
    throw error
  }
  throw new Error('it was accepted')
}

const refuse = (text: string) => refused(() => parseConfig(text, 'datapipe.yaml'))
const problems = (error: UsageError) => (error.result as { problems: ConfigProblem[] }).problems

describe('loadConfig', () => {
  let cwd: string
  beforeEach(() => {
    cwd = mkdtempSync(path.join(tmpdir(), 'datapipe-config-'))
  })
  afterEach(() => rmSync(cwd, { recursive: true }))

  it('needs no file', () => {
    const { file, path: found } = loadConfig({ cwd })
    expect(found).to.equal(undefined)
    expect(file).to.deep.equal({ project: 'datapipe', environments: {}, datasets: {} })
  })

  it('reads datapipe.yaml of the folder, or the file it is told to', () => {
    writeFileSync(path.join(cwd, 'datapipe.yaml'), 'project: one\n')
    writeFileSync(path.join(cwd, 'other.yaml'), 'project: two\n')
    expect(loadConfig({ cwd })).to.deep.include({ path: path.join(cwd, 'datapipe.yaml') })
    expect(loadConfig({ cwd }).file.project).to.equal('one')
    expect(loadConfig({ cwd, configPath: 'other.yaml' }).file.project).to.equal('two')
  })

  it('refuses a file that was named and is not there', () => {
    const error = refused(() => loadConfig({ cwd, configPath: 'nowhere.yaml' }))
    expect(error).to.deep.include({ code: 'CONFIG_NOT_FOUND', exitCode: 2 })
    expect(error.message).to.equal('There is no configuration file nowhere.yaml.')
  })

  it('says why a file cannot be read', () => {
    mkdirSync(path.join(cwd, 'datapipe.yaml'))
    const folder = refused(() => loadConfig({ cwd }))
    expect(folder).to.deep.include({ code: 'CONFIG_UNREADABLE', exitCode: 2 })
    expect(folder.message).to.equal('Cannot read datapipe.yaml: it is a folder.')
    writeFileSync(path.join(cwd, 'latin1.yaml'), Buffer.from([0x70, 0x3a, 0x20, 0xe5, 0x0a]))
    const latin1 = refused(() => loadConfig({ cwd, configPath: 'latin1.yaml' }))
    expect(latin1.message).to.equal('Cannot read latin1.yaml: it is not UTF-8 text.')
  })
})

describe('parseConfig', () => {
  it('reads the whole language', () => {
    const file = parseConfig(
      [
        '\uFEFFproject: sensors',
        'region: eu-north-1',
        'environments:',
        '  local: { endpoint: embedded }',
        '  dev:',
        '  prod: { account: "222233334444", protect: true, network: { zones: 3 } }',
        'network: { cidr: 10.30.0.0/16 }',
        'notify: { email: [ops@example.com] }',
        'datasets:',
        '  temperature:',
        '    match: "*measurement_data.csv"',
        '    format: { decimal: ",", delimiter: ";" }',
        '    columns: { start_time: timestamp, end_time: timestamp, measurement: "decimal(9,2)", samples: integer }',
        '    timeseries: { start: start_time, end: end_time, samples: samples }',
        '    partition: day(start_time)',
        '    rejects: { max: 5 }',
      ].join('\n'),
      'datapipe.yaml',
    )
    expect(file.environments.dev).to.deep.equal({})
    expect(file.environments.prod).to.deep.equal({
      account: '222233334444',
      protect: true,
      network: { zones: 3 },
    })
    expect(file.datasets.temperature?.format).to.deep.include({
      type: 'csv',
      delimiter: ';',
      timezone: 'UTC',
    })
  })

  it('takes an empty file, and sections whose content is commented out, as nothing said', () => {
    for (const text of ['', '# nothing\n', 'datasets:\n  # later\nenvironments:\n']) {
      expect(parseConfig(text, 'x')).to.deep.equal({ project: 'datapipe', environments: {}, datasets: {} })
    }
  })

  it('says where the YAML is broken', () => {
    const error = refuse('project: a\nnetwork: { cidr: 10.0.0.0/16\n')
    expect(error).to.deep.include({ code: 'CONFIG_SYNTAX', exitCode: 2 })
    expect(error.message).to.match(/^datapipe\.yaml:\d:\d+: /)
  })

  it('refuses what would be read differently than it looks', () => {
    const twice = refuse('project: a\nregion: eu-north-1\nproject: b\n')
    expect(twice.code).to.equal('CONFIG_SYNTAX')
    expect(twice.message).to.equal('datapipe.yaml:3:1: Map keys must be unique')
    expect(refuse('project: a\n---\nproject: b\n').message).to.match(/more than one YAML document/)
    expect(refuse('project: !secret a\n').code).to.equal('CONFIG_SYNTAX')
    expect(refuse('project: *nobody\n').code).to.equal('CONFIG_SYNTAX')
  })

  it('does not expand an alias bomb', () => {
    const levels = Array.from(
      { length: 20 },
      (_, n) => `l${n + 1}: &l${n + 1} [${Array(9).fill(`*l${n}`).join(', ')}]`,
    )
    const error = refuse(['l0: &l0 [x]', ...levels].join('\n'))
    expect(error.code).to.equal('CONFIG_SYNTAX')
    expect(error.message).to.include('alias')
  })

  it('names an unknown key, its line and the key that was probably meant', () => {
    const error = refuse('project: a\nenvironments:\n  dev:\n    netwrok: { zones: 2 }\n')
    expect(error).to.deep.include({ code: 'CONFIG_UNKNOWN_KEY', exitCode: 2 })
    expect(error.message).to.equal(
      'datapipe.yaml:4:5: unknown key `netwrok` in `environments.dev`. Did you mean `network`?',
    )
  })

  it('lists the known keys when none is near', () => {
    const error = refuse('datasets:\n  t:\n    frequency: daily\n')
    expect(error.message).to.equal('datapipe.yaml:3:5: unknown key `frequency` in `datasets.t`.')
    expect(error.suggestions).to.deep.equal([
      'Known keys in `datasets.t`: match, format, columns, contract, sheets, timeseries, sql, tables, partition, key, compression, checks, rejects.',
    ])
  })

  const wrong: [string, string][] = [
    ['network: { zones: 5 }', 'datapipe.yaml:1:19: `network.zones` must be 2 or 3; found 5.'],
    [
      'network: { egress: vpn }',
      'datapipe.yaml:1:20: `network.egress` must be public, nat, nat-per-az or endpoints; found "vpn".',
    ],
    ['network: 7', 'datapipe.yaml:1:10: `network` must be a mapping; found 7.'],
    ['- a\n- b', 'datapipe.yaml:1:1: the file must be a mapping; found a list.'],
    ['keyDeletionDays: 3', 'datapipe.yaml:1:18: `keyDeletionDays` must be at least 7; found 3.'],
    ['keyDeletionDays: 7.5', 'datapipe.yaml:1:18: `keyDeletionDays` must be a whole number; found 7.5.'],
    ['keyDeletionDays: soon', 'datapipe.yaml:1:18: `keyDeletionDays` must be a number; found "soon".'],
    [
      'environments:\n  prod: { account: 222233334444 }',
      'datapipe.yaml:2:20: `environments.prod.account` must be text; found 222233334444 (put it in quotes).',
    ],
    [
      'environments:\n  prod: { account: "2222" }',
      'datapipe.yaml:2:20: `environments.prod.account` must be a 12-digit AWS account id in quotes; found "2222".',
    ],
    [
      'environments:\n  Production: {}',
      'datapipe.yaml:2:3: the name `Production` in `environments` must be 1-12 lower-case letters, digits or - (it is part of every AWS name).',
    ],
    [
      'environments:\n  x: { endpoint: nowhere }',
      'datapipe.yaml:2:18: `environments.x.endpoint` must be embedded, or a URL such as http://127.0.0.1:4566; found "nowhere".',
    ],
    [
      'notify: { email: [ops] }',
      'datapipe.yaml:1:19: `notify.email[0]` must be an e-mail address; found "ops".',
    ],
    [
      'notify: { email: ops@example.com }',
      'datapipe.yaml:1:18: `notify.email` must be a list; found "ops@example.com".',
    ],
    [
      'datasets:\n  t: { columns: { a: varchar } }',
      'datapipe.yaml:2:22: `datasets.t.columns.a` is not a column type: use string, boolean, integer, bigint, double, decimal(p,s), date, timestamp or timestamptz; found "varchar".',
    ],
    [
      'datasets:\n  t: { rejects: { max: lots } }',
      'datapipe.yaml:2:24: `datasets.t.rejects.max` must be a count or a percentage such as 1%; found "lots".',
    ],
    [
      'datasets:\n  t: { timeseries: { start: a, end: b } }',
      'datapipe.yaml:2:8: `datasets.t.timeseries.samples` is missing.',
    ],
    [
      'datasets:\n  datapipe_runs: {}',
      'datapipe.yaml:2:3: the name `datapipe_runs` in `datasets` must not start with datapipe_ (kept for its own tables).',
    ],
  ]
  for (const [text, message] of wrong) {
    it(`refuses ${text.replaceAll('\n', ' ')}`, () => {
      const error = refuse(text)
      expect(error.message).to.equal(message)
      expect(error).to.deep.include({ code: 'CONFIG_INVALID', exitCode: 2 })
    })
  }

  it('reports everything that is wrong, in the order of the file', () => {
    const error = refuse('project: Sensors\nreigon: eu-north-1\nnetwork:\n  zones: 9\n  colour: red\n')
    expect(error.message.split('\n')).to.deep.equal([
      'datapipe.yaml has 4 problems:',
      '  datapipe.yaml:1:10: `project` must be 1-31 lower-case letters, digits or -; found "Sensors".',
      '  datapipe.yaml:2:1: unknown key `reigon` at the top level. Did you mean `region`?',
      '  datapipe.yaml:4:10: `network.zones` must be 2 or 3; found 9.',
      '  datapipe.yaml:5:3: unknown key `colour` in `network`.',
    ])
    expect(error.code).to.equal('CONFIG_INVALID')
    expect(problems(error).map(({ code, line, path: where }) => [code, line, where])).to.deep.equal([
      ['CONFIG_INVALID', 1, 'project'],
      ['CONFIG_UNKNOWN_KEY', 2, 'reigon'],
      ['CONFIG_INVALID', 4, 'network.zones'],
      ['CONFIG_UNKNOWN_KEY', 5, 'network.colour'],
    ])
  })
})
