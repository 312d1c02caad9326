import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'

/**
 * Compares text with a reviewed file under test/golden. `GOLDEN=write npm test` writes it anew; read the difference line by
 * line before committing it.
 */
export function expectGolden(name: string, actual: string): void {
  const file = fileURLToPath(new URL(`../golden/${name}`, import.meta.url))
  if (process.env.GOLDEN === 'write') {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, actual)
  }
  expect(existsSync(file), `${name} is missing: write it with GOLDEN=write and review it`).to.equal(true)
  expect(actual).to.equal(readFileSync(file, 'utf8'))
}
