import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const SCRIPTS = new URL('../../scripts/audit/', import.meta.url)
const SHA = `sha512-${'A'.repeat(86)}==`
const HOLE = 'GHSA-aaaa-bbbb-cccc'

type LockFileProblems = (manifest: unknown, lock: unknown) => string[]
type AdvisoryProblems = (advisories: object[], exceptions: object[], now?: Date) => string[]

describe('the audit of dependencies', () => {
  let lockFileProblems: LockFileProblems
  let advisoryProblems: AdvisoryProblems

  before(async () => {
    const load = (name: string): Promise<unknown> => import(new URL(name, SCRIPTS).href)
    ;({ lockFileProblems } = (await load('lock-file.js')) as { lockFileProblems: LockFileProblems })
    ;({ advisoryProblems } = (await load('advisories.js')) as { advisoryProblems: AdvisoryProblems })
  })

  describe('as it is run', () => {
    let folder: string
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'datapipe-audit-'))
      const entry = { version: '1.0.0', integrity: SHA, license: 'MIT' }
      const files: Record<string, object> = {
        'package.json': { dependencies: { left: '1.0.0' } },
        'package-lock.json': { packages: { '': {}, 'node_modules/left': entry } },
        'scripts/audit/exceptions.json': [],
      }
      for (const name of ['scripts/audit', 'bin']) mkdirSync(join(folder, name), { recursive: true })
      for (const [name, content] of Object.entries(files))
        writeFileSync(join(folder, name), JSON.stringify(content))
      const npm = `printf '%s' "$*" > asked\ncat answer\necho 'npm warn audit 405 Method Not Allowed - POST x' >&2\nexit 1\n`
      writeFileSync(join(folder, 'bin', 'npm'), `#!/bin/sh\n${npm}`, { mode: 0o755 })
    })
    afterEach(() => rmSync(folder, { recursive: true }))

    /** @param answer what npm prints */
    const audit = (answer: string, ...args: string[]) => {
      writeFileSync(join(folder, 'answer'), answer)
      const PATH = [join(folder, 'bin'), process.env.PATH].join(delimiter)
      const script = fileURLToPath(new URL('dependencies.js', SCRIPTS))
      const result = spawnSync(process.execPath, [script, ...args], {
        encoding: 'utf8',
        env: { ...process.env, AUDIT_ROOT: folder, PATH },
      })
      return { code: result.status, printed: result.stdout + result.stderr }
    }
    const report = (...via: object[]) =>
      JSON.stringify({ auditReportVersion: 2, vulnerabilities: { left: { via: ['other', ...via] } } })
    const hole = (severity: string) => ({
      name: 'left',
      title: 'A hole',
      severity,
      url: `https://github.com/advisories/${HOLE}`,
    })

    it('asks about what is shipped, and fails for what is high or critical', () => {
      expect(audit(report(hole('moderate')))).to.deep.equal({
        code: 0,
        printed: '1 packages: nothing high or critical is known about what is shipped.\n',
      })
      expect(readFileSync(join(folder, 'asked'), 'utf8')).to.equal(
        'audit --omit=dev --audit-level=high --json',
      )
      const failed = audit(report(hole('critical'), hole('high')), '--allow-unaudited')
      expect(failed.code).to.equal(1)
      expect(failed.printed).to.include(`left: A hole (${HOLE}, high).`)
    })

    it('never takes silence for an answer', () => {
      for (const answer of ['', '{"message":"405","statusCode":405}', '<html>', 'null']) {
        const result = audit(answer)
        expect(result.code, answer).to.equal(2)
        expect(result.printed).to.match(/^NOT AUDITED: .*\(405 Method Not Allowed/)
      }
      const allowed = audit('', '--allow-unaudited')
      expect(allowed.code).to.equal(0)
      expect(allowed.printed).to.match(/^NOT AUDITED/)
    })
  })

  describe('what was accepted', () => {
    const advisories = [{ id: HOLE, package: 'left', severity: 'high', title: 'A hole' }]
    const now = new Date('2026-03-01T12:00:00Z')
    const reason = 'datapipe does not call the part that it is about'

    it('with a reason and a date counts, to the end of that day', () => {
      const exception = { advisory: HOLE, reason, until: '2026-03-01' }
      expect(advisoryProblems(advisories, [exception], now)).to.deep.equal([])
      expect(advisoryProblems(advisories, [], now)).to.deep.equal([`left: A hole (${HOLE}, high).`])
    })

    const wrong: [what: string, exception: object, says: string][] = [
      ['has run out', { advisory: HOLE, reason, until: '2026-02-28' }, 'was accepted until 2026-02-28'],
      ['is for years', { advisory: HOLE, reason, until: '2027-03-01' }, 'longer than 180 days'],
      ['has no date', { advisory: HOLE, reason }, 'no date'],
      ['has no reason', { advisory: HOLE, reason: 'later', until: '2026-04-01' }, 'no reason'],
      ['is about another', { advisory: 'GHSA-x', reason, until: '2026-04-01' }, 'nothing that is used'],
    ]
    for (const [what, exception, says] of wrong) {
      it(`does not count when it ${what}, and is named`, () => {
        const problems = advisoryProblems(advisories, [exception], now)
        expect(problems).to.have.length(2)
        expect(problems[0]).to.include(says)
      })
    }
  })

  describe('the lock file', () => {
    const good = { version: '1.0.0', integrity: SHA, license: 'MIT' }
    const check = (packages: Record<string, object>, dependencies: Record<string, string> = {}) =>
      lockFileProblems(
        { dependencies: { left: '1.0.0', ...dependencies } },
        { packages: { '': {}, 'node_modules/left': good, ...packages } },
      ).join('\n')

    const wrong: [what: string, entry: object, says: string][] = [
      ['no checksum', { integrity: undefined }, 'no SHA-512'],
      ['a weak one', { integrity: 'sha1-abc' }, 'no SHA-512'],
      ['another registry', { resolved: 'https://registry.npmjs.org.evil/x' }, 'does not come from'],
      ['a repository', { resolved: 'git+ssh://git@github.com/a/b.git#1' }, 'does not come from'],
      ['a script at installation', { hasInstallScript: true }, 'runs a script'],
      [
        'a licence that is not allowed',
        { license: 'AGPL-3.0-or-later' },
        'has the licence AGPL-3.0-or-later',
      ],
      ['no licence', { license: undefined }, '(none)'],
      ['a folder', { link: true }, 'is no package of the registry'],
    ]
    for (const [what, entry, says] of wrong) {
      it(`with ${what} is refused`, () => {
        expect(check({ 'node_modules/a/node_modules/x': { ...good, ...entry } })).to.include(says)
      })
    }

    it('pins exactly what package.json asks for, and that is one version', () => {
      expect(check({})).to.equal('')
      expect(check({}, { left: '^1.0.0' })).to.include('not one exact version')
      expect(check({}, { left: '1.0.1' })).to.include('left is 1.0.0, not 1.0.1')
      expect(check({}, { right: '1.0.0' })).to.include('right is missing')
    })

    it('allows for tests what is not handed on', () => {
      expect(check({ 'node_modules/x': { ...good, license: 'AGPL-3.0-or-later', dev: true } })).to.equal('')
    })

    it('of this project is in order', () => {
      const read = (name: string): unknown => JSON.parse(readFileSync(join(ROOT, name), 'utf8'))
      expect(lockFileProblems(read('package.json'), read('package-lock.json'))).to.deep.equal([])
    })
  })
})
