import { readFile } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'
import { expect } from 'chai'
import { unzstd } from '../../../src/transform/input/zstd.js'
import { failure, transformText, Workplace } from '../support/files.js'

/** Zstandard frames of raw blocks (RFC 8878, 3.1.1), 8 KiB window, no checksum. */
function zstdOf(content: Buffer, windowDescriptor = 0x18): Buffer {
  const parts: Uint8Array[] = [Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, windowDescriptor])]
  const size = 8 * 1024
  for (let at = 0; at < content.length; at += size) {
    const block = content.subarray(at, at + size)
    const isLast = at + size >= content.length ? 1 : 0
    const header = Buffer.alloc(3)
    header.writeUIntLE((block.length << 3) | isLast, 0, 3)
    parts.push(header, block)
  }
  return Buffer.concat(parts)
}

describe('compressed files', () => {
  let place: Workplace
  beforeEach(async () => (place = await Workplace.make()))
  afterEach(() => place.remove())

  const ROWS = 20_000
  const text = `id,name\n${Array.from({ length: ROWS }, (_, i) => `${i},row ${i}\n`).join('')}`

  it('zstd is known by its content, whatever the name', async () => {
    const { rows, bytes } = await transformText(place, zstdOf(Buffer.from(text)))
    expect(rows).to.have.length(ROWS)
    expect(rows.at(-1)).to.deep.equal({ id: BigInt(ROWS - 1), name: `row ${ROWS - 1}` })
    expect(bytes).to.equal(zstdOf(Buffer.from(text)).length)
  })

  it('several zstd frames are one text', async () => {
    const content = Buffer.from(text)
    const both = Buffer.concat([zstdOf(content.subarray(0, 50_001)), zstdOf(content.subarray(50_001))])
    expect((await transformText(place, both)).rowsAccepted).to.equal(ROWS)
  })

  it('a zstd file that is cut off is refused, wherever it is cut', async () => {
    const whole = zstdOf(Buffer.from(text))
    for (const length of [5, 12, 4000, 8 * 1024 + 9, whole.length - 1]) {
      const error = await failure(transformText(place, whole.subarray(0, length)))
      expect(error.code, String(length)).to.equal('ZSTD_DAMAGED')
    }
    expect(await place.published()).to.deep.equal([])
  })

  it('a zstd window that does not fit in memory is refused', async () => {
    const error = await failure(transformText(place, zstdOf(Buffer.from(text), 0xa0)))
    expect(error.code).to.equal('ZSTD_DAMAGED')
    expect(error.message).to.match(/its window of 1073741824 bytes is larger than 134217728\.$/)
  })

  it('what zstd itself wrote', async () => {
    // `text`, by zstd -19 --check.
    const packed = await readFile(new URL('fixtures/rows.csv.zst', import.meta.url))
    const { rowsAccepted } = await transformText(place, packed)
    expect(rowsAccepted).to.equal(ROWS)
    for (const missing of [1, 4, 5, 100]) {
      const error = await failure(transformText(place, packed.subarray(0, packed.length - missing)))
      expect(error.code, String(missing)).to.equal('ZSTD_DAMAGED')
    }
  })

  it('hands out what it unpacks before it has all of it', async () => {
    const packed = zstdOf(Buffer.alloc(1024 * 1024, 'x'))
    let given = 0
    async function* chunks() {
      for (let at = 0; at < packed.length; at += 16 * 1024) {
        given += 1
        yield await Promise.resolve(packed.subarray(at, at + 16 * 1024))
      }
    }
    for await (const block of unzstd(chunks())) {
      expect(block.length).to.be.greaterThan(0)
      break
    }
    expect(given).to.be.lessThan(5)
  })

  it('an empty zstd and gzip inside gzip are refused', async () => {
    const empty = await failure(transformText(place, Buffer.from('28b52ffd2000010000', 'hex')))
    expect(empty.code).to.equal('FILE_EMPTY')
    const twice = await failure(transformText(place, gzipSync(gzipSync(text))))
    expect(twice.code).to.equal('FILE_NOT_TEXT')
    expect(twice.message).to.match(/is gzip inside gzip, not CSV text\.$/)
  })
})
