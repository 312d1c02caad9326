// Starts a task, as `run` does on this machine, and says what it says.
import { fileURLToPath } from 'node:url'
import { runProcess } from '../../../src/local/task/process.js'

const TASK = fileURLToPath(new URL('endless.ts', import.meta.url))

await runProcess({
  command: [process.execPath, '--import=tsx', TASK],
  environment: { PATH: process.env.PATH ?? '' },
  signal: new AbortController().signal,
  stopTimeoutMs: 1000,
  onLine: (line) => process.stdout.write(`${line}\n`),
})
