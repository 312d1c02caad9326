#!/usr/bin/env node
// The part of docs/first-real-run.md that a program can check. Acts on a real AWS account and costs real, little, money:
// it refuses to run unless the account is named, and removes what it made, also when a check failed.
import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const USAGE = 'npm run smoke:aws -- --account 111122223333 --region eu-north-1 [--keep] [--image URI]'
const { values } = parseArgs({
  options: {
    account: { type: 'string' },
    region: { type: 'string' },
    image: { type: 'string' },
    keep: { type: 'boolean', default: false },
  },
})
if (!/^\d{12}$/.test(values.account ?? '') || values.region === undefined) {
  console.error(`This acts on a real AWS account, so it must be named, with a region.\n\n  ${USAGE}`)
  process.exit(2)
}
if (process.env.AWS_ENDPOINT_URL !== undefined) {
  console.error('AWS_ENDPOINT_URL is set: that is not the real AWS. Unset it first.')
  process.exit(2)
}

const ENV = 'smoke'
const root = fileURLToPath(new URL('..', import.meta.url))
const folder = await mkdtemp(join(tmpdir(), 'datapipe-smoke-'))
const results = []

function datapipe(...args) {
  console.log(`\n$ datapipe ${args.join(' ')}`)
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(root, 'bin', 'run.js'), ...args, '--env', ENV, '--json'], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const out = []
    child.stdout.on('data', (chunk) => out.push(chunk))
    child.on('error', reject)
    child.on('close', (code) => {
      const text = Buffer.concat(out).toString()
      try {
        resolve({ ...JSON.parse(text), code })
      } catch {
        reject(new Error(`datapipe ${args[0]} printed no JSON (exit code ${code}): ${text.slice(0, 500)}`))
      }
    })
  })
}

async function check(name, test) {
  const started = Date.now()
  try {
    await test()
    results.push({ name, ok: true })
    console.log(`PASS  ${name} (${Math.round((Date.now() - started) / 1000)} s)`)
  } catch (error) {
    results.push({ name, ok: false, why: error.message })
    console.log(`FAIL  ${name}: ${error.message}`)
  }
}

function demand(condition, why) {
  if (!condition) throw new Error(typeof why === 'string' ? why : JSON.stringify(why))
}

async function until(what, minutes, look) {
  const end = Date.now() + minutes * 60_000
  for (;;) {
    const found = await look()
    if (found) return found
    demand(Date.now() < end, `${what} did not happen within ${minutes} minutes`)
    await new Promise((resolve) => setTimeout(resolve, 15_000))
  }
}

const ok = ({ code, error }) => demand(code === 0, error ?? `exit code ${code}`)
const file = (day) => `2026-01-0${day} 00:00:00.000000,2026-01-0${day} 00:01:00.000000,1.5,6`
const HEADER = 'start_time,end_time,measurement,samples'

try {
  await writeFile(
    join(folder, 'datapipe.yaml'),
    [
      `project: smoke`,
      `region: ${values.region}`,
      `environments: { ${ENV}: { account: "${values.account}", keyDeletionDays: 7 } }`,
      ...(values.image === undefined ? [] : [`compute: { image: ${JSON.stringify(values.image)} }`]),
      'datasets:',
      '  temperature:',
      '    columns: { start_time: timestamp, end_time: timestamp, measurement: double, samples: integer }',
      '    timeseries: { start: start_time, end: end_time, samples: samples }',
      '    partition: day(start_time)',
      '    rejects: { max: 40% }',
      '',
    ].join('\n'),
  )
  const plan = await datapipe('plan')
  ok(plan)
  const existing = plan.result.resources.filter(
    ({ action, type }) =>
      action !== 'create' && type !== 'AWS::IAM::ServiceLinkedRole' && type !== 'AWS::KMS::Key',
  )
  if (existing.length > 0) {
    console.error(
      `Environment ${ENV} exists already: ${existing.map(({ id }) => id).join(', ')}. Remove it first.`,
    )
    process.exitCode = 2
  } else {
    await smoke()
  }
} finally {
  if (!values.keep && process.exitCode !== 2) {
    await check('13 down --delete-data leaves nothing', async () => {
      const down = await datapipe('down', '--delete-data', '--confirm', ENV)
      ok(down)
      demand(down.result.verifiedEmpty, down.result)
    })
  }
  await rm(folder, { recursive: true, force: true })
}
console.log(
  `\n${results.filter((result) => result.ok).length} passed, ${results.filter((result) => !result.ok).length} failed`,
)
if (results.some((result) => !result.ok)) process.exitCode = 1

async function smoke() {
  await check('1, 7, 12 up creates everything', async () => ok(await datapipe('up', '--yes')))
  await check('9 a second up changes nothing', async () => {
    const again = await datapipe('up', '--yes')
    ok(again)
    const { created, deleted, replaced, updated } = again.result.changes
    demand(
      created + updated + replaced + deleted === 0,
      again.result.resources.filter(({ action }) => action !== 'unchanged'),
    )
  })
  await writeFile(
    join(folder, '20260101_a.csv'),
    [HEADER, file(1), file(2), 'bad,bad,bad,bad', ''].join('\n'),
  )
  await check('11 upload', async () =>
    ok(await datapipe('upload', '20260101_a.csv', '--dataset', 'temperature')),
  )
  await check('3, 5, 6, 8 the event starts the worker by itself', async () => {
    // S3 events take about five minutes to become effective after the first up.
    const run = await until('a load without datapipe run', 15, async () => {
      const status = await datapipe('status')
      return status.result?.runs.find(({ source }) => source.key.endsWith('20260101_a.csv'))
    })
    demand(run.status === 'succeeded' && run.rowsIn === 3 && run.rowsRejected === 1, run)
  })
  await check('run finds nothing left to do', async () => {
    const run = await datapipe('run', '--watch')
    ok(run)
    demand(run.result.executions.length === 0, run.result)
  })
  await check('Athena counts the same rows', async () => {
    const query = await datapipe('query', 'select count(*) from temperature')
    ok(query)
    demand(query.result.engine === 'athena' && Number(query.result.rows[0][0]) === 12, query.result)
  })
  await writeFile(join(folder, '20260102_bad.csv'), [HEADER, 'bad,bad,bad,bad', ''].join('\n'))
  await check('2 a bad file is rejected, once, and told', async () => {
    ok(await datapipe('upload', '20260102_bad.csv', '--dataset', 'temperature'))
    const run = await datapipe('run', '--watch')
    demand(run.code === 5, run)
  })
  await check('the status is all right', async () => {
    const status = await datapipe('status', '--detailed-exitcode')
    demand(
      status.code === 0,
      status.result?.resources.filter(({ state }) => state !== 'ok'),
    )
  })
  await check('10 the key in its waiting period is taken back', async () => {
    const keyOf = ({ result }) => result.resources.find(({ id }) => id === 'security/key').physicalId
    const before = keyOf(await datapipe('up', '--yes'))
    ok(await datapipe('down', '--delete-data', '--confirm', ENV))
    const again = await datapipe('up', '--yes')
    ok(again)
    demand(keyOf(again) === before, 'a second key was made')
  })
}
