import { readFileSync } from 'node:fs'
import { version as duckdbVersion } from '@duckdb/node-api'

/** Version of datapipe, from its package. */
export function datapipeVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

/** Name and version of what reads and writes the rows. */
export function engineVersion(): string {
  return `duckdb ${duckdbVersion()}`
}
