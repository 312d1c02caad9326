import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect } from 'chai'
import { unzipSync } from 'fflate'
import { imageSource, sourceFiles } from '../../../src/operate/image/source.js'
import { DatapipeError } from '../../../src/errors.js'

const PACKAGE = {
  name: 'datapipe',
  version: '1.2.3',
  type: 'module',
  engines: { node: '>=20' },
  dependencies: { alpha: '1.0.0', '@scope/beta': '2.0.0', 'only-the-cli': '3.0.0' },
  devDependencies: { tester: '4.0.0' },
}

const LOCK = {
  name: 'datapipe',
  version: '1.2.3',
  lockfileVersion: 3,
  requires: true,
  packages: {
    '': PACKAGE,
    'node_modules/alpha': { version: '1.0.0', dependencies: { shared: '^1.0.0' } },
    'node_modules/alpha/node_modules/shared': { version: '1.9.0' },
    'node_modules/shared': { version: '2.0.0' },
    'node_modules/@scope/beta': {
      version: '2.0.0',
      optionalDependencies: { 'beta-linux': '2.0.0', 'beta-absent': '2.0.0' },
      peerDependencies: { peer: '*', 'optional-peer': '*' },
      peerDependenciesMeta: { 'optional-peer': { optional: true } },
    },
    'node_modules/beta-linux': { version: '2.0.0', os: ['linux'], optional: true },
    'node_modules/peer': { version: '1.0.0', dev: true },
    'node_modules/optional-peer': { version: '1.0.0', dev: true },
    'node_modules/only-the-cli': { version: '3.0.0' },
    'node_modules/tester': { version: '4.0.0', dev: true },
  },
}

const FILES: Record<string, string> = {
  'package.json': JSON.stringify(PACKAGE),
  'package-lock.json': JSON.stringify(LOCK),
  'docker/Dockerfile': 'FROM scratch\n',
  'dist/transform/container.js': `// import x from 'not-a-package'\nimport { a } from 'alpha'\nimport { job } from './container/job.js'\n`,
  'dist/transform/container.js.map': '{}',
  'dist/transform/container/job.js': `import { readFile } from 'node:fs'\nimport {\n  problem,\n} from '../../errors.js'\nexport const job = async () => (await import('@scope/beta/sub.js')).run(problem)\n`,
  'dist/errors.js': `export * from './config/names.js'\nconst sql = "select 1 from 'nowhere'"\n`,
  'dist/config/names.js': '',
  'dist/commands/up.js': `import 'only-the-cli'\n`,
}

describe('the source of the image', () => {
  const folders: string[] = []

  async function packageFolder(changed: Record<string, string | undefined> = {}): Promise<string> {
    const root = await mkdtemp(join(tmpdir(), 'datapipe-source-'))
    folders.push(root)
    for (const [path, text] of Object.entries({ ...FILES, ...changed })) {
      if (text === undefined) continue
      await mkdir(dirname(join(root, path)), { recursive: true })
      await writeFile(join(root, path), text)
    }
    return root
  }

  after(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))))

  it('holds the code of threads', async () => {
    const root = await packageFolder({
      'dist/config/names.js': `new Worker(new URL('./thread.js', import.meta.url))\n`,
      'dist/config/thread.js': '',
    })
    expect([...(await sourceFiles(root)).keys()]).to.include('dist/config/thread.js')
  })

  it('holds what the transform imports, directly or not, and nothing else', async () => {
    expect([...(await sourceFiles(await packageFolder())).keys()].sort()).to.deep.equal([
      'dist/config/names.js',
      'dist/errors.js',
      'dist/transform/container.js',
      'dist/transform/container/job.js',
      'docker/Dockerfile',
      'package-lock.json',
      'package.json',
    ])
  })

  it('reduces package.json and lock file to what is imported, for every platform', async () => {
    const files = await sourceFiles(await packageFolder())
    const read = (path: string) => JSON.parse(new TextDecoder().decode(files.get(path))) as unknown
    const manifest = {
      name: 'datapipe',
      version: '1.2.3',
      private: true,
      type: 'module',
      engines: { node: '>=20' },
      dependencies: { '@scope/beta': '2.0.0', alpha: '1.0.0' },
    }
    expect(read('package.json')).to.deep.equal(manifest)
    const lock = read('package-lock.json') as typeof LOCK
    expect(lock.packages['']).to.deep.equal(manifest)
    expect(Object.keys(lock.packages)).to.deep.equal([
      '',
      'node_modules/@scope/beta',
      'node_modules/alpha',
      'node_modules/alpha/node_modules/shared',
      'node_modules/beta-linux',
      'node_modules/peer',
    ])
    expect(lock.packages['node_modules/peer']).to.deep.equal({ version: '1.0.0' })
  })

  it('has the same tag and the same bytes in another folder, at another time, in another time zone', async () => {
    const first = await imageSource('arm64', await packageFolder())
    const elsewhere = await packageFolder()
    await utimes(join(elsewhere, 'dist/errors.js'), new Date(0), new Date(0))
    const zone = process.env.TZ
    const one = Buffer.from(first.zip())
    try {
      process.env.TZ = 'Pacific/Kiritimati'
      const second = await imageSource('arm64', elsewhere)
      expect(second.tag).to.equal(first.tag)
      expect(Buffer.from(second.zip()).equals(one)).to.equal(true)
    } finally {
      if (zone === undefined) delete process.env.TZ
      else process.env.TZ = zone
    }
    expect(first.tag).to.match(/^src-[0-9a-f]{16}$/)
    expect(first.hash.startsWith(first.tag.slice(4))).to.equal(true)
  })

  const tagWith = async (changed: Record<string, string | undefined>) =>
    (await imageSource('arm64', await packageFolder(changed))).tag

  it('has another tag when code, Dockerfile, a version or the architecture changes', async () => {
    const original = await tagWith({})
    const newerAlpha = structuredClone(LOCK)
    newerAlpha.packages['node_modules/alpha'].version = '1.0.1'
    const others = [
      await tagWith({ 'dist/config/names.js': 'export const changed = 1\n' }),
      await tagWith({ 'docker/Dockerfile': 'FROM other\n' }),
      await tagWith({ 'package-lock.json': JSON.stringify(newerAlpha) }),
      await tagWith({ 'package.json': JSON.stringify({ ...PACKAGE, version: '1.2.4' }) }),
      (await imageSource('x86_64', await packageFolder())).tag,
    ]
    expect(new Set([original, ...others]).size).to.equal(others.length + 1)
  })

  it('keeps its tag when only commands, maps or development change', async () => {
    const newerTester = structuredClone(LOCK)
    newerTester.packages['node_modules/tester'].version = '5.0.0'
    expect(
      await tagWith({
        'dist/commands/up.js': 'export {}\n',
        'dist/transform/container.js.map': '{"changed":1}',
        'package-lock.json': JSON.stringify(newerTester),
      }),
    ).to.equal(await tagWith({}))
  })

  it('takes the lock file that a published package carries elsewhere', async () => {
    const published = { 'package-lock.json': undefined, 'docker/package-lock.json': JSON.stringify(LOCK) }
    expect(await tagWith(published)).to.equal(await tagWith({}))
  })

  it('zips files that every user of the image may read', async () => {
    const { zip } = await imageSource('arm64', await packageFolder())
    const files = unzipSync(zip())
    expect(new TextDecoder().decode(files['docker/Dockerfile'])).to.equal('FROM scratch\n')
    const central = Buffer.from(zip()).indexOf(Buffer.from([0x50, 0x4b, 1, 2]))
    expect(Buffer.from(zip()).readUInt32LE(central + 38) >>> 16).to.equal(0o100644)
  })

  const codeOf = async (changed: Record<string, string | undefined>) => {
    try {
      await tagWith(changed)
    } catch (error) {
      return error instanceof DatapipeError ? `${error.code}: ${error.message}` : error
    }
    return undefined
  }

  it('says what is missing', async () => {
    expect(await codeOf({ 'package-lock.json': undefined })).to.match(
      /^IMAGE_SOURCE_INCOMPLETE: .*no package-lock.json or docker\/package-lock.json/,
    )
    expect(await codeOf({ 'dist/errors.js': undefined })).to.match(/no dist\/errors.js/)
    expect(await codeOf({ 'dist/errors.js': `import 'unnamed'\n` })).to.match(/imports unnamed, which/)
    const withoutBeta = { ...LOCK, packages: { ...LOCK.packages, 'node_modules/@scope/beta': undefined } }
    expect(await codeOf({ 'package-lock.json': JSON.stringify(withoutBeta) })).to.match(
      /does not have @scope\/beta/,
    )
  })
})
