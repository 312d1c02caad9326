// Compiles assembly/scanner.ts into src/transform/scan/module.ts, which is committed: who only uses or tests datapipe from its
// sources needs no compiler for WebAssembly.
import { writeFileSync } from 'node:fs'
import asc from 'assemblyscript/asc'

const files = new Map()
const { error, stderr } = await asc.main(
  [
    'assembly/scanner.ts',
    '-O3',
    '--runtime',
    'stub',
    '--enable',
    'simd',
    '--noAssert',
    '--initialMemory',
    '24',
    '--outFile',
    'scanner.wasm',
  ],
  { writeFile: (name, contents) => files.set(name, contents) },
)
if (error) throw new Error(`${error.message}\n${stderr.toString()}`)
const text = Buffer.from(files.get('scanner.wasm')).toString('base64')
writeFileSync(
  new URL('../src/transform/scan/module.ts', import.meta.url),
  `// Made by scripts/scanner.js from assembly/scanner.ts.\nexport const MODULE =\n  '${text}'\n`,
)
