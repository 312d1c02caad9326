// A stale file in dist would still be found by oclif's command scan, so every build starts empty.
import { rmSync } from 'node:fs'

rmSync(new URL('../dist', import.meta.url), { force: true, recursive: true })
