import { expect } from 'chai'
import { zipSync } from 'fflate'
import { XmlProblem, XmlReader } from '../../../src/transform/input/xlsx/xml.js'
import { TooLarge, Zip, ZipProblem } from '../../../src/transform/input/xlsx/zip.js'
import { Workplace } from '../support/files.js'

const NAME = 'part.xml'
const DIRECTORY_ENTRY = Buffer.from('PK\x01\x02')
const LOCAL_HEADER = Buffer.from('PK\x03\x04')

describe('ZIP archives', () => {
  let place: Workplace
  beforeEach(async () => (place = await Workplace.make()))
  afterEach(() => place.remove())

  const content = Buffer.from('0123456789'.repeat(100_000))
  const archive = (level: 0 | 6 = 6) =>
    Buffer.from(zipSync({ [NAME]: content, 'other.xml': content }, { level }))

  async function partOf(bytes: Buffer, most = 10_000_000): Promise<Buffer> {
    const zip = await Zip.open(await place.file('a.zip', bytes), most)
    try {
      const chunks: Buffer[] = []
      for await (const chunk of zip.read(NAME)) chunks.push(chunk)
      return Buffer.concat(chunks)
    } finally {
      await zip.close()
    }
  }
  async function problemOf(bytes: Buffer, most?: number): Promise<unknown> {
    return partOf(bytes, most).then(
      () => undefined,
      (error: unknown) => error,
    )
  }

  it('parts come back as they were, packed or not', async () => {
    for (const level of [0, 6] as const) expect((await partOf(archive(level))).equals(content)).to.equal(true)
  })

  it('a part may be left in the middle, and another one read', async () => {
    const zip = await Zip.open(await place.file('a.zip', archive(0)), 10_000_000)
    let seen = 0
    for await (const chunk of zip.read(NAME)) {
      seen = chunk.length
      break
    }
    expect(seen).to.be.within(1, content.length - 1)
    let rest = 0
    for await (const chunk of zip.read('other.xml')) rest += chunk.length
    expect(rest).to.equal(content.length)
    await zip.close()
  })

  it('the limit is for all parts together', async () => {
    const zip = await Zip.open(await place.file('a.zip', archive()), content.length + 1)
    const read = async (name: string) => {
      let size = 0
      for await (const chunk of zip.read(name)) size += chunk.length
      return size
    }
    expect(await read(NAME)).to.equal(content.length)
    const error = await read('other.xml').catch((caught: unknown) => caught)
    await zip.close()
    expect(error).to.be.instanceOf(TooLarge)
  })

  it('a part that unpacks to more than its directory says is stopped there', async () => {
    const bytes = archive()
    bytes.writeUInt32LE(100, bytes.indexOf(DIRECTORY_ENTRY) + 24)
    const error = await problemOf(bytes, 1000)
    expect(error).to.be.instanceOf(ZipProblem)
    expect(String(error)).to.match(/its part part\.xml is damaged: too many bytes/)
  })

  it('a wrong checksum', async () => {
    const bytes = archive()
    const at = bytes.indexOf(DIRECTORY_ENTRY) + 16
    bytes.writeUInt32LE((bytes.readUInt32LE(at) ^ 1) >>> 0, at)
    const error = await problemOf(bytes)
    expect(error).to.be.instanceOf(ZipProblem)
    expect(String(error)).to.match(/its part part\.xml is damaged: its checksum is wrong/)
  })

  it('an encrypted part', async () => {
    const bytes = archive()
    for (const [header, flags] of [
      [DIRECTORY_ENTRY, 8],
      [LOCAL_HEADER, 6],
    ] as const) {
      const at = bytes.indexOf(header) + flags
      bytes.writeUInt16LE(bytes.readUInt16LE(at) | 1, at)
    }
    const error = await problemOf(bytes)
    expect(error).to.be.instanceOf(ZipProblem)
    expect(String(error)).to.match(/its part part\.xml is encrypted/)
  })

  it('cut off anywhere', async () => {
    const bytes = archive()
    for (const length of [0, 21, 500, bytes.length - 100, bytes.length - 1]) {
      const error = await problemOf(bytes.subarray(0, length))
      expect(error, String(length)).to.be.instanceOf(ZipProblem)
      expect(String(error)).to.match(/it is cut off/)
    }
  })

  it('a directory of 64 bits, at its place and at places that cannot be', async () => {
    const bytes = archive()
    const end = bytes.subarray(-22)
    const offset = BigInt(end.readUInt32LE(16))
    expect(
      (await partOf(zip64(bytes, { end: bytes.length - 22, directory: offset }))).equals(content),
    ).to.equal(true)
    for (const far of [5_000_000n, 2n ** 53n, 2n ** 64n - 1n]) {
      for (const places of [
        { end: bytes.length - 22, directory: far },
        { end: far, directory: offset },
      ]) {
        expect(await problemOf(zip64(bytes, places)), String(far)).to.be.instanceOf(ZipProblem)
      }
    }
  })

  it('a file that is not there is no problem of an archive', async () => {
    const error = await Zip.open(`${place.path}/missing.zip`, 1).catch((caught: unknown) => caught)
    expect(error).to.have.property('code', 'ENOENT')
  })
})

/** The archive with the ZIP64 records of APPNOTE.TXT 4.3.14 and 4.3.15 before its end. */
function zip64(bytes: Buffer, places: { end: number | bigint; directory: bigint }): Buffer {
  const end = bytes.subarray(-22)
  const record = Buffer.alloc(56)
  record.writeUInt32LE(0x06064b50, 0)
  record.writeBigUInt64LE(44n, 4)
  record.writeBigUInt64LE(BigInt(end.readUInt16LE(10)), 32)
  record.writeBigUInt64LE(BigInt(end.readUInt32LE(12)), 40)
  record.writeBigUInt64LE(places.directory, 48)
  const locator = Buffer.alloc(20)
  locator.writeUInt32LE(0x07064b50, 0)
  locator.writeBigUInt64LE(BigInt(places.end), 8)
  return Buffer.concat([bytes.subarray(0, -22), record, locator, end])
}

describe('XML', () => {
  /** What a handler hears, with the text cut into pieces of some bytes. */
  function heard(xml: string | Buffer, size = 1_000_000): string[] {
    const events: string[] = []
    const reader = new XmlReader('part.xml', {
      open: (name, attributes) => {
        events.push(`<${[name, ...[...attributes()].map(([key, value]) => `${key}=${value}`)].join(' ')}`)
      },
      close: (name) => {
        events.push(`>${name}`)
      },
      text: (text) => {
        events.push(text)
      },
    })
    const bytes = Buffer.from(xml)
    for (let at = 0; at < bytes.length; at += size) reader.write(bytes.subarray(at, at + size))
    reader.end()
    return events
  }

  it('is the same wherever its bytes are cut', () => {
    const xml =
      '\ufeff<?xml version="1.0" encoding="UTF-8"?><!-- c --><x:a xmlns:x="u" r:id="1&lt;&#x41;"><b/>å😀&amp;&quot;&apos;&gt;\r\n<![CDATA[<&amp;]]></x:a>'
    const whole = heard(xml)
    expect(whole).to.deep.equal(['<a x=u id=1<A', '<b', '>b', 'å😀&"\'>\n', '<&amp;', '>a'])
    for (const size of [1, 2, 3, 7]) expect(heard(xml, size)).to.deep.equal(whole)
  })

  const broken: [what: string, xml: string | Buffer, message: RegExp][] = [
    ['a document type', '<!DOCTYPE a SYSTEM "file:///etc/hosts"><a/>', /^it has a document type$/],
    [
      'an entity that nobody declared',
      '<a>&b;</a>',
      /^its XML is not well-formed \(part\.xml:1:6: undefined entity\)$/,
    ],
    ['a tag that closes another', '<a></b>', /unexpected close tag/],
    ['an end too early', '<a><b>', /^it ends too early/],
    ['nothing at all', '', /^it ends too early/],
    ['half a character at its end', Buffer.from('<a>å').subarray(0, 4), /^it is not UTF-8$/],
    ['another encoding', Buffer.from('<a>å</a>', 'latin1'), /^it is not UTF-8$/],
    ['no end to its depth', '<a>'.repeat(1000), /^its tags are nested too deep$/],
    ['no end to a tag', `<a b="${'x'.repeat(20_000_000)}"/>`, /^a tag or text is too long$/],
    ['no end to a text', `<a>${'x'.repeat(20_000_000)}</a>`, /^a tag or text is too long$/],
  ]
  for (const [what, xml, message] of broken) {
    it(`${what} is refused`, () => {
      expect(() => heard(xml, 65_536)).to.throw(XmlProblem, message)
    })
  }
})
