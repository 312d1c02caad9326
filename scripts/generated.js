// Finishes what is generated and committed; runs after the compiler and `oclif manifest`.
import { readFileSync, writeFileSync } from 'node:fs'
import { jsonSchema } from '../dist/config/json-schema.js'

const write = (name, value) =>
  writeFileSync(new URL(`../${name}`, import.meta.url), `${JSON.stringify(value, null, 2)}\n`)

// For editors of datapipe.yaml.
write('docs/datapipe.schema.json', jsonSchema())

// oclif lists commands in the order in which the file system happens to name them.
const manifest = JSON.parse(readFileSync(new URL('../oclif.manifest.json', import.meta.url), 'utf8'))
const commands = Object.entries(manifest.commands).sort(([a], [b]) => (a < b ? -1 : 1))
write('oclif.manifest.json', { ...manifest, commands: Object.fromEntries(commands) })
