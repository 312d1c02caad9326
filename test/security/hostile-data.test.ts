import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect } from 'chai'
import { unpack } from '../../src/transform/input/unpack.js'
import { failure, transformPath, transformText, Workplace } from '../transform/support/files.js'

/** What takes part in no program: shell, SQL, paths, patterns, terminals, formulas. */
const HOSTILE = [
  `$(touch PWNED)`,
  '`touch PWNED`',
  `'; DROP TABLE data; --`,
  `'); COPY (SELECT 1) TO 'PWNED'; --`,
  `"; ATTACH 'PWNED'; --`,
  `a"b'c`,
  `{{a}}*?[x]`,
  `a;b|c&d>PWNED<e`,
  `-rf`,
  `--help`,
  `=cmd|' /C calc'!A0`,
  `../../PWNED`,
  `..\\..\\PWNED`,
  `a%2F..%2FPWNED`,
  `\u001B[2J\u001B]0;PWNED\u0007`,
  `\u202Efdp.exe`,
  `constructor`,
  `__proto__`,
  `toString`,
  `hasOwnProperty`,
  `s3://bucket/PWNED`,
  `$\{HOME}`,
  `%PATH%`,
  `$.States.Format('{}')`,
]

describe('hostile names and values in files', () => {
  let place: Workplace
  beforeEach(async () => (place = await Workplace.make()))
  afterEach(async () => {
    const found = await readdir(place.path, { recursive: true })
    await place.remove()
    expect(found.filter((name) => name.split('/').at(-1) === 'PWNED')).to.deep.equal([])
    expect(await readdir(process.cwd())).not.to.include('PWNED')
  })

  const csv = (values: readonly string[]) =>
    values.map((value) => `"${value.replaceAll('"', '""')}"`).join(',')

  it('are values, in every row', async () => {
    const text = ['value', ...HOSTILE.map((value) => csv([value]))].join('\n')
    const { rows } = await transformText(place, `${text}\n`)
    expect(rows.map(({ value }) => value)).to.deep.equal(HOSTILE)
  })

  it('are names of columns that lose what is no letter', async () => {
    const names = HOSTILE.map((name, index) => `c${index} ${name}`)
    const { columns, rows } = await transformText(place, `${csv(names)}\n${csv(HOSTILE)}\n`)
    expect(columns.map(({ name }) => name)).to.satisfy((all: string[]) =>
      all.every((name) => /^[a-z0-9_]+$/.test(name)),
    )
    expect(Object.values(rows[0]!)).to.deep.equal(HOSTILE)
  })

  it('every object has a constructor, and a table may have one too', async () => {
    const header = ['constructor', 'toString', 'valueOf', '__proto__', 'hasOwnProperty']
    const { columns, rows } = await transformText(place, `${header.join()}\n1,2,3,4,5\nx,7,8,9,10\n`)
    expect(columns.map(({ name }) => name)).to.deep.equal([
      'constructor',
      'tostring',
      'valueof',
      '__proto',
      'hasownproperty',
    ])
    expect(rows).to.have.length(2)
    const jsonl = `{"constructor": 1, "__proto__": {"polluted": true}, "toString": "a"}\n`
    const { rows: objects } = await transformText(place, jsonl, { format: { type: 'jsonl' } })
    expect(Object.keys(objects[0]!)).to.deep.equal(['constructor', '__proto', 'tostring'])
    expect(({} as { polluted?: boolean }).polluted).to.equal(undefined)
  })

  for (const name of HOSTILE.filter((one) => !one.includes('/'))) {
    it(`are names of files: ${JSON.stringify(name)}`, async () => {
      const folder = join(place.path, 'inputs')
      await mkdir(folder)
      const file = join(folder, `${name}.csv`)
      await writeFile(file, 'a,b\n1,2\nx\n')
      const result = await transformPath(place, file, {}, { displayName: name })
      expect(result.rowsAccepted).to.equal(1)
      expect(result.rejected[0]).to.include({ source: `${name}.csv` })
      for (const path of await place.published()) expect(path).to.match(/^[\w./=-]+$/)
    })
  }

  it('are values of partitions, and stay inside of the table', async () => {
    const values = [...HOSTILE, '..', '.', '/etc/passwd', 'a\0b'.replace('\0', ''), 'ø'.repeat(60)]
    const text = ['id,part', ...values.map((value, id) => csv([String(id), value]))].join('\n')
    await transformText(place, `${text}\n`, { partition: 'part', columns: { id: 'integer', part: 'string' } })
    const published = await place.published()
    expect(published.length).to.be.at.least(values.length)
    for (const path of published) expect(path.split('/')).not.to.include('..').and.not.include('.')
    const outside = (await readdir(place.path)).filter(
      (name) => !['out', 'scratch', '20230703_data.csv'].includes(name),
    )
    expect(outside).to.deep.equal([])
  })

  it('in rejected rows are kept as they are: a replay needs them so', async () => {
    const { rejects } = await transformText(place, `a,b\n=1+1|cmd,2,3\n`, { rejects: { max: '100%' } })
    const text = await readFile(join(place.out, rejects!.csv), 'utf8')
    expect(text.split('\n')[1]).to.include('"=1+1|cmd,2,3"')
  })
})

describe('files that unpack to far more than they are', () => {
  let place: Workplace
  beforeEach(async () => (place = await Workplace.make()))
  afterEach(() => place.remove())

  const MB = 1024 * 1024
  /** 8 KiB of the same byte in four, over and over (RFC 8878, 3.1.1.2: RLE blocks). */
  const zstdBomb = (blocks: number) => {
    const block = (isLast: boolean) => {
      const header = Buffer.alloc(4, 'a')
      header.writeUIntLE(((8 * 1024) << 3) | (1 << 1) | (isLast ? 1 : 0), 0, 3)
      return header
    }
    const rows = Array.from({ length: blocks }, (_, index) => block(index === blocks - 1))
    return Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x18]), ...rows])
  }

  for (const [compression, bomb] of [
    ['gzip', () => gzipSync(Buffer.alloc(64 * MB, 'a'), { level: 9 })],
    ['zstd', () => zstdBomb(8 * 1024)],
  ] as const) {
    it(`${compression}: stops, and leaves no more than it allows`, async () => {
      const content = bomb()
      const file = await place.file('bomb', content)
      const to = join(place.path, 'unpacked')
      const most = Math.max(MB, content.length * 300)
      const error = await failure(unpack({ file, name: 'bomb.csv', to, compression }, undefined, MB))
      expect(error).to.include({ code: 'FILE_EXPANDS_TOO_MUCH' })
      expect(error.message).to.include(`${most} bytes`)
      expect((await stat(to)).size).to.be.at.most(most)
    })

    it(`${compression}: the same is fine where it fits`, async () => {
      const file = await place.file('bomb', bomb())
      const to = join(place.path, 'unpacked')
      await unpack({ file, name: 'bomb.csv', to, compression })
      expect((await stat(to)).size).to.equal(64 * MB)
    })
  }

  it('is the fault of the file: nobody tries again', async () => {
    const file = await place.file('bomb.csv.gz', gzipSync(Buffer.alloc(2 * MB, 'a'), { level: 9 }))
    const error = await failure(
      unpack({ file, name: 'b', to: join(place.path, 'u'), compression: 'gzip' }, undefined, 1),
    )
    expect(error.constructor.name).to.equal('DataError')
  })
})
