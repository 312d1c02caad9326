import { closeSync, openSync, readSync } from 'node:fs'
import path from 'node:path'
import { messageOf, UsageError } from '../errors.js'
import { crossCheck } from './checks.js'
import { explainIssue } from './explain.js'
import { configError, MOST_PROBLEMS } from './problem.js'
import { configSchema, type ConfigFile } from './schema.js'
import { parseSource } from './source.js'
import { inlineSqlFiles } from './sql-files.js'

export const DEFAULT_CONFIG_FILE = 'datapipe.yaml'

/** More than that is no configuration. */
const LARGEST_BYTES = 4 * 1024 * 1024

export interface LoadOptions {
  /** As given with --config; left out: datapipe.yaml in `cwd`, if there is one. */
  configPath?: string
  cwd: string
}

export interface LoadedConfig {
  file: ConfigFile
  /** Absolute; undefined when there is no file and everything is default. */
  path?: string
}

/**
 * Reads and checks datapipe.yaml; reports everything that is wrong with it at once.
 * @throws UsageError CONFIG_NOT_FOUND, CONFIG_UNREADABLE, CONFIG_SYNTAX, CONFIG_UNKNOWN_KEY, CONFIG_INVALID or SQL_FILE_NOT_FOUND
 */
export function loadConfig({ configPath, cwd }: LoadOptions): LoadedConfig {
  const file = path.resolve(cwd, configPath ?? DEFAULT_CONFIG_FILE)
  const text = readConfig(file, configPath)
  if (text === undefined) return { file: configSchema.parse({}) }
  return { file: parseConfig(text, configPath ?? DEFAULT_CONFIG_FILE, path.dirname(file)), path: file }
}

/**
 * Checks the text of a datapipe.yaml.
 * @param name the file's name in messages
 * @param folder what the names of files in it are relative to; left out: the current folder
 */
export function parseConfig(text: string, name: string, folder = '.'): ConfigFile {
  const source = parseSource(text)
  if ('problems' in source) throw configError(name, source.problems)
  const result = configSchema.safeParse(withoutEmptySections(source.value), { reportInput: true })
  const problems = result.success
    ? [...crossCheck(result.data, source), ...inlineSqlFiles(result.data, source, folder)]
    : result.error.issues.slice(0, MOST_PROBLEMS).flatMap((issue) => explainIssue(issue, source))
  if (problems.length > 0 || !result.success) throw configError(name, problems)
  return result.data
}

function readConfig(file: string, configPath: string | undefined): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readBeginning(file))
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    const name = configPath ?? DEFAULT_CONFIG_FILE
    if (code === 'ENOENT' && configPath === undefined) return undefined
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new UsageError('CONFIG_NOT_FOUND', `There is no configuration file ${name}.`, {
        cause: error,
        suggestions: [
          'Check the path given with --config; it is relative to the current folder.',
          `Without --config, datapipe reads ${DEFAULT_CONFIG_FILE} in the current folder, or uses defaults.`,
        ],
      })
    }
    throw new UsageError('CONFIG_UNREADABLE', `Cannot read ${name}: ${whyUnreadable(code, error)}.`, {
      cause: error,
    })
  }
}

/** Of what never ends, such as a device, no more than shows that it is too much. */
function readBeginning(file: string): Buffer {
  const descriptor = openSync(file, 'r')
  try {
    const buffer = Buffer.alloc(LARGEST_BYTES + 1)
    let length = 0
    for (let read = -1; read !== 0 && length < buffer.length; length += read) {
      read = readSync(descriptor, buffer, length, buffer.length - length, null)
    }
    if (length > LARGEST_BYTES) throw new Error(`it has more than ${LARGEST_BYTES} bytes`)
    return buffer.subarray(0, length)
  } finally {
    closeSync(descriptor)
  }
}

function whyUnreadable(code: unknown, error: unknown): string {
  if (code === 'EISDIR') return 'it is a folder'
  if (code === 'EACCES') return 'no permission'
  if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return 'it is not UTF-8 text'
  return messageOf(error)
}

/** `datasets:` with nothing below it, because all of it is commented out, says nothing. So does an empty file. */
function withoutEmptySections(value: unknown): unknown {
  if (value === null || value === undefined) return {}
  if (typeof value !== 'object' || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).filter(([, section]) => section !== null))
}
