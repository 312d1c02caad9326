import { dirname, join } from 'node:path/posix'

/** Statically: `import … from 'x'`, `export … from 'x'`, `import 'x'`, as the compiler writes them, at the start of a line. */
const STATIC = /^(?:import|export)\b[^'"=;()]*?\bfrom\s*['"]([^'"]+)['"]/gm
const BARE = /^import\s*['"]([^'"]+)['"]/gm
/** The code of a thread. */
const THREAD = /\bnew URL\(\s*['"](\.[^'"]+\.js)['"],\s*import\.meta\.url\s*\)/g
const DYNAMIC = /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g

/** What compiled code imports. */
export interface Imports {
  /** Paths of other files, resolved, in the same form as `path`. */
  files: string[]
  /** Packages by name, without what is built into Node. */
  packages: string[]
}

/** @param path of the file, with `/`, relative to the root of the package */
export function importsOf(path: string, code: string): Imports {
  const specifiers = [STATIC, BARE, DYNAMIC, THREAD].flatMap((pattern) =>
    [...code.matchAll(pattern)].map(([, specifier = '']) => specifier),
  )
  const files = specifiers.filter((one) => one.startsWith('.')).map((one) => join(dirname(path), one))
  const packages = specifiers
    .filter((one) => !one.startsWith('.') && !one.startsWith('node:'))
    .map((one) =>
      one
        .split('/')
        .slice(0, one.startsWith('@') ? 2 : 1)
        .join('/'),
    )
  return { files: [...new Set(files)], packages: [...new Set(packages)] }
}
