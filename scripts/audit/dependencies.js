// `npm run audit:dependencies`: known holes in what datapipe is shipped with (high and critical), and whether package-lock.json
// pins what it should. Exit codes: 0 all is well, 1 something is wrong, 2 the registry told nothing, so nobody knows;
// with --allow-unaudited that is 0 as well, for machines without a way to the registry's advisories.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { advisoriesOf, advisoryProblems, readReport } from './advisories.js'
import { lockFileProblems } from './lock-file.js'

const root = process.env.AUDIT_ROOT ?? fileURLToPath(new URL('../..', import.meta.url))
const json = (name) => JSON.parse(readFileSync(join(root, name), 'utf8'))

const lock = json('package-lock.json')
const problems = lockFileProblems(json('package.json'), lock)
const audit = spawnSync('npm', ['audit', '--omit=dev', '--audit-level=high', '--json'], {
  cwd: root,
  encoding: 'utf8',
  timeout: 120_000,
  maxBuffer: 64 * 1024 * 1024,
})
const report = readReport(audit.stdout ?? '')
if (report !== undefined) {
  problems.push(...advisoryProblems(advisoriesOf(report), json('scripts/audit/exceptions.json')))
}

for (const problem of problems) console.error(problem)
const count = Object.keys(lock.packages).length - 1
if (problems.length > 0) {
  console.error(`${problems.length} of these must be mended, or accepted in scripts/audit/exceptions.json.`)
  process.exitCode = 1
} else if (report === undefined) {
  const why = /npm (?:error|warn) (?:audit )?(\d{3} .*|.*E[A-Z]{4,}.*)/.exec(audit.stderr ?? '')?.[1]
  console.error(
    `NOT AUDITED: the registry told nothing about advisories${why === undefined ? '' : ` (${why})`}.`,
  )
  console.error(`The lock file itself is in order: ${count} packages.`)
  process.exitCode = process.argv.includes('--allow-unaudited') ? 0 : 2
} else {
  console.log(`${count} packages: nothing high or critical is known about what is shipped.`)
}
