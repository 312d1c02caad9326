import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { loadConfig, parseConfig } from '../../src/config/load.js'
import { UsageError } from '../../src/errors.js'

function refusal(text: string): UsageError {
  try {
    parseConfig(text, 'datapipe.yaml')
  } catch (error) {
    if (error instanceof UsageError) return error
    throw error
  }
  throw new Error('it was accepted')
}

const TOO_DEEP = /^datapipe\.yaml:\d+:1: The file is nested too deep to be a configuration\.$/

describe('a hostile datapipe.yaml', () => {
  const deep: [what: string, text: string][] = [
    ['lists in lists', '['.repeat(100_000)],
    ['lists in lists that are closed', `a: ${'['.repeat(5000)}${']'.repeat(5000)}`],
    ['mappings in mappings', Array.from({ length: 1000 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')],
    ['mappings in mappings on one line', '{a: '.repeat(5000)],
    ['dashes', '- '.repeat(20_000)],
    ['question marks', '? '.repeat(20_000)],
  ]
  for (const [what, text] of deep) {
    it(`is refused, not fallen over: ${what}`, () => {
      expect(refusal(text).message).to.match(TOO_DEEP)
    })
  }

  it('as deep as people write is fine, and so is a text that is indented a lot', () => {
    const sql = ['select 1', `${' '.repeat(300)}, 2`, '['.repeat(100)]
      .map((line) => `        ${line}`)
      .join('\n')
    const file = parseConfig(`datasets:\n  t:\n    sql: |\n${sql}\n`, 'f')
    expect(file.datasets.t?.sql).to.include('select 1')
    expect(refusal(`a: ${'['.repeat(60)}${']'.repeat(60)}`).code).to.equal('CONFIG_UNKNOWN_KEY')
  })

  it('is refused when it is larger than any configuration', () => {
    expect(refusal(`#${'y'.repeat(5_000_000)}`).message).to.equal(
      'datapipe.yaml:1:1: The file has 5000001 characters; datapipe reads up to 1048576.',
    )
  })

  it('is read no further when it never ends', () => {
    const folder = mkdtempSync(join(tmpdir(), 'datapipe-config-'))
    try {
      symlinkSync('/dev/zero', join(folder, 'datapipe.yaml'))
      expect(() => loadConfig({ cwd: folder }))
        .to.throw(UsageError, 'it has more than 4194304 bytes')
        .with.property('code', 'CONFIG_UNREADABLE')
      writeFileSync(join(folder, 'other.yaml'), 'project: other')
      expect(loadConfig({ cwd: folder, configPath: 'other.yaml' }).file.project).to.equal('other')
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('with thousands of mistakes gets an answer that can be read', function () {
    this.timeout(20_000)
    const text = Array.from({ length: 20_000 }, (_, key) => `k${key}: 1`).join('\n')
    const error = refusal(text)
    expect(error.message).to.match(/^datapipe\.yaml has 100 problems or more:\n {2}datapipe\.yaml:1:1: /)
    expect(error.message.split('\n')).to.have.length(101)
  })

  it('expands no aliases without end', () => {
    const rows = 'bcdefghi'.split('').map((name, index) => {
      const below = Array.from({ length: 9 }, () => `*${'abcdefgh'.charAt(index)}`)
      return `${name}: &${name} [${below.join(', ')}]`
    })
    expect(refusal(['a: &a [x]', ...rows].join('\n')).message).to.include('alias')
    expect(refusal('datasets: &d { t: *d }').exitCode).to.equal(2)
  })

  for (const text of [
    '__proto__: { project: evil }',
    'datasets: { __proto__: { partition: [day] } }',
    'environments: { __proto__: { endpoint: "http://evil" } }',
    'environments: { dev: { "__proto__": { account: "111122223333" } } }',
    'datasets: { t: { columns: { __proto__: string } } }',
  ]) {
    it(`names nothing __proto__: ${text}`, () => {
      const error = refusal(text)
      expect(error.message).to.match(/^datapipe\.yaml:1:\d+: Nothing can be called `__proto__`\.$/)
      expect(({} as Record<string, unknown>).project).to.equal(undefined)
    })
  }

  it('a name that every object has is a name like any other', () => {
    const file = parseConfig('datasets: { constructor: { partition: day } }', 'f')
    expect(Object.keys(file.datasets)).to.deep.equal(['constructor'])
  })

  const other: [text: string, message: RegExp][] = [
    ['project: a\nproject: b', /^datapipe\.yaml:2:1: Map keys must be unique$/],
    ['datasets: { t: {}, "t": {} }', /Map keys must be unique/],
    ['project: !!js/function "function(){}"', /Unresolved tag/],
    ['project: !evil x', /Unresolved tag/],
    ['%TAG ! tag:evil,2000:\n---\nproject: !x abc', /Unresolved tag/],
    [
      'network: &n { egress: nat }\nenvironments: { dev: { network: { <<: *n } } }',
      /unknown key `<<` in `environments\.dev\.network`/,
    ],
    ['%YAML 1.1\n---\nproject: abc', /asks for YAML 1\.1; datapipe reads 1\.2/],
    ['project: "a\\0b"', /must be 1-31 lower-case letters/],
  ]
  for (const [text, message] of other) {
    it(`is refused: ${JSON.stringify(text)}`, () => {
      const error = refusal(text)
      expect(error.exitCode).to.equal(2)
      expect(error.message).to.match(message)
    })
  }
})
