// Writes the JSON Schema of datapipe.yaml for editors; runs after the compiler.
import { writeFileSync } from 'node:fs'
import { jsonSchema } from '../dist/config/json-schema.js'

const file = new URL('../docs/datapipe.schema.json', import.meta.url)
writeFileSync(file, `${JSON.stringify(jsonSchema(), null, 2)}\n`)
