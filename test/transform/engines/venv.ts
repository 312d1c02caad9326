import { createHash } from 'node:crypto'
import { access, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import envPaths from 'env-paths'
import { execa } from 'execa'
import type { Reading } from './duckdb.js'
import { PARTITION } from './table.js'

/** Pinned: another version may read another way, and that should be seen when it is chosen, not by chance. */
const REQUIREMENTS = ['pyarrow==21.0.0', 'pyspark==3.5.6', 'py4j==0.10.9.7']
/** What Spark 3.5 runs on. */
const JAVA_VERSIONS = [8, 11, 17]
const SCRIPT = fileURLToPath(new URL('./read_table.py', import.meta.url))

/**
 * Python with PyArrow and PySpark in an environment of its own: made once, kept in the cache folder.
 * @returns its interpreter
 * @throws Error that says what is missing on this machine
 */
export async function pythonWithEngines(): Promise<string> {
  const { stdout: version } = await execa('python3', ['-c', 'import sys; print(sys.version)']).catch(
    (error: unknown) => {
      throw new Error('These tests need python3 (3.9 to 3.12) with the module venv.', { cause: error })
    },
  )
  await assertJava()
  const hash = createHash('sha256').update([version, ...REQUIREMENTS].join('\n'))
  const cache = process.env.DATAPIPE_CACHE_DIR ?? envPaths('datapipe', { suffix: '' }).cache
  const folder = join(cache, `engines-${hash.digest('hex').slice(0, 12)}`)
  const python = join(folder, 'bin', 'python')
  const complete = join(folder, '.complete')
  const isThere = await access(complete).then(
    () => true,
    () => false,
  )
  if (isThere) return python
  await rm(folder, { recursive: true, force: true })
  await mkdir(cache, { recursive: true })
  await execa('python3', ['-m', 'venv', folder])
  await execa(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...REQUIREMENTS])
  await writeFile(complete, '')
  return python
}

/** What an engine reads in a table. */
export async function readWithPython(
  python: string,
  engine: 'pyarrow' | 'spark',
  folder: string,
): Promise<Reading> {
  const { stdout } = await execa(python, [SCRIPT, engine, folder, PARTITION])
  return JSON.parse(stdout) as Reading
}

async function assertJava(): Promise<void> {
  // It says its version on stderr.
  const { stderr } = await execa('java', ['-version']).catch((error: unknown) => {
    throw new Error(`These tests need Java ${JAVA_VERSIONS.join(', ')} for Spark.`, { cause: error })
  })
  const major = Number(/version "(?:1\.)?(\d+)/.exec(stderr)?.[1])
  if (!JAVA_VERSIONS.includes(major))
    throw new Error(`These tests need Java ${JAVA_VERSIONS.join(', ')} for Spark; this is ${stderr}`)
}
