import { createHash } from 'node:crypto'
import type { Database } from '../database.js'

/** Block of SHA-256, in bytes. */
const BLOCK = 64
const KEY_TABLE = '"#hmac"'

/**
 * Makes `hmac` usable in this database. The two padded keys of RFC 2104 go into a temporary table as values, never as text
 * of a statement: no error message of the engine can quote them.
 */
export async function prepareHmac(database: Database, key: Uint8Array): Promise<void> {
  const short = key.length > BLOCK ? createHash('sha256').update(key).digest() : key
  const block = Buffer.alloc(BLOCK)
  block.set(short)
  await database.run(`CREATE TEMP TABLE ${KEY_TABLE} ("inner" BLOB, "outer" BLOB)`)
  const appender = await database.appender('#hmac')
  try {
    appender.appendBlob(block.map((byte) => byte ^ 0x36))
    appender.appendBlob(block.map((byte) => byte ^ 0x5c))
    appender.endRow()
  } finally {
    appender.closeSync()
  }
}

/** SQL: HMAC-SHA256 of a text in UTF-8, as 64 hexadecimal digits; null of null. */
export function hmac(text: string): string {
  const pad = (name: string) => `(SELECT "${name}" FROM ${KEY_TABLE})`
  return `sha256(${pad('outer')} || unhex(sha256(${pad('inner')} || encode(${text}))))`
}
