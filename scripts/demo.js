#!/usr/bin/env node
// The whole job on this machine, with no AWS account: the commands that a user would type, and what they would see.
import { spawn } from 'node:child_process'
import { mkdtemp, cp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runtimeDirectory } from '../dist/local/cache.js'

const root = fileURLToPath(new URL('..', import.meta.url))
const cli = join(root, 'bin', 'run.js')
const folder = await mkdtemp(join(tmpdir(), 'datapipe-demo-'))
// An embedded AWS of its own: a demo must neither see nor stop the one that somebody works with.
const env = {
  ...process.env,
  DATAPIPE_CACHE_DIR: join(folder, '.cache'),
  DATAPIPE_RUNTIME_DIR: runtimeDirectory(),
}
const started = Date.now()
let running
let stopping = false
let interrupted = false

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    stopping = true
    interrupted = true
    running?.kill(signal)
  })
}

function run(command, args) {
  return new Promise((resolve, reject) => {
    running = spawn(command, args, { cwd: folder, env, stdio: 'inherit' })
    running.on('error', reject)
    running.on('exit', (code, signal) => {
      running = undefined
      if (code === 0) resolve()
      else reject(new Error(`${[command, ...args].join(' ')} ended with ${signal ?? `exit code ${code}`}`))
    })
  })
}

async function datapipe(...args) {
  if (stopping) throw new Error('interrupted')
  console.log(`\n$ datapipe ${args.map((arg) => (/[\s"*()]/.test(arg) ? `'${arg}'` : arg)).join(' ')}`)
  await run(process.execPath, [cli, ...args])
}

let failed = false
try {
  await cp(join(root, 'examples', 'sensors', 'datapipe.yaml'), join(folder, 'datapipe.yaml'))
  console.log(`$ node generate.js --rows 100000 --bad 25   (in ${folder})`)
  await run(process.execPath, [
    join(root, 'examples', 'sensors', 'generate.js'),
    '--rows',
    '100000',
    '--bad',
    '25',
    '--date',
    '20230703',
    '--out',
    folder,
  ])
  await datapipe('local', 'start')
  await datapipe('up', '--env', 'local', '--yes')
  await datapipe('upload', '--env', 'local', '--newest', '*_measurement_data.csv')
  await datapipe('run', '--env', 'local', '--watch')
  await datapipe('status', '--env', 'local')
  await datapipe(
    'query',
    '--env',
    'local',
    'select month, count(*) as samples, round(avg(measurement), 3) as average from temperature group by month order by month limit 5',
  )
  await datapipe('up', '--env', 'local', '--yes')
  await datapipe('down', '--env', 'local', '--delete-data', '--yes')
} catch (error) {
  failed = true
  console.error(`\nThe demo stopped: ${error.message}`)
} finally {
  // Also after Ctrl-C: nothing of the demo stays behind.
  stopping = false
  await datapipe('local', 'stop').catch((error) => {
    failed = true
    console.error(error.message)
  })
  await rm(folder, { recursive: true, force: true })
}
console.log(`\nThe demo took ${Math.round((Date.now() - started) / 1000)} s.`)
process.exitCode = interrupted ? 130 : failed ? 1 : 0
