// Loaded into a process before anything else (NODE_OPTIONS=--import): counts what it changes in the file system, and ends it
// there, as kill -9 would. KILL_AT is the step, or 0 for none; KILL_MANNER is before or after; KILL_REPORT is a file that is
// told how many steps there were, and at which it ended.
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

const at = Number(process.env.KILL_AT)
const manner = process.env.KILL_MANNER
const report = process.env.KILL_REPORT
const write = fs.writeFileSync
const real = { ...fs.promises }
let steps = 0

// Not inherited by what this process starts.
delete process.env.NODE_OPTIONS

for (const name of [
  'appendFile',
  'copyFile',
  'link',
  'mkdir',
  'mkdtemp',
  'open',
  'rename',
  'rm',
  'unlink',
  'writeFile',
]) {
  fs.promises[name] = async (...args) => {
    if (name === 'open' && !/[wa+]/.test(String(args[1] ?? 'r'))) return real[name](...args)
    const isLast = ++steps === at
    write(report, JSON.stringify({ steps, at: isLast ? `${name} ${args[0]}` : undefined }))
    if (isLast && manner === 'before') process.kill(process.pid, 'SIGKILL')
    const result = await real[name](...args)
    if (isLast) process.kill(process.pid, 'SIGKILL')
    return result
  }
}
syncBuiltinESMExports()
