import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DatapipeError } from '../../errors.js'
import type { ImageSource } from '../../resources/codebuild/image.js'
import { archive, type Files } from './archive.js'
import { importsOf } from './imports.js'
import { reduceLock, reduceManifest, type LockFile, type Manifest } from './lock-file.js'

/** The folder of the installed package, two above this file's own, compiled or not. */
const PACKAGE_ROOT = fileURLToPath(new URL('../../../', import.meta.url))

const DOCKERFILE = 'docker/Dockerfile'
/** Where the lock file is: in a checkout, or in the published package, which npm lets carry none at its root. */
const LOCK_FILES = ['package-lock.json', 'docker/package-lock.json']

/**
 * What the image of the transform is built from: its compiled code with all that it imports, package.json and lock file
 * reduced to what it uses, and the Dockerfile. The tag is a hash of these and of the architecture, so the same code has
 * the same tag on every machine, and another command in datapipe changes nothing.
 * @param root folder of the package, with `dist` built
 * @throws DatapipeError IMAGE_SOURCE_INCOMPLETE when the package lacks a part
 */
export async function imageSource(
  architecture: 'arm64' | 'x86_64',
  root: string = PACKAGE_ROOT,
): Promise<ImageSource> {
  const files = await sourceFiles(root)
  const hash = contentHash(files, architecture)
  return { tag: `src-${hash.slice(0, 16)}`, hash, architecture, zip: () => archive(files) }
}

/** Every file of the bundle, by its path in it. */
export async function sourceFiles(root: string): Promise<Files> {
  const { files, packages } = await transformCode(root)
  const manifest = reduceManifest(await json<Manifest>(root, 'package.json'), packages)
  const lock = reduceLock(await lockFile(root), manifest)
  files.set('package.json', pretty(manifest))
  files.set('package-lock.json', pretty(lock))
  files.set(DOCKERFILE, await part(root, DOCKERFILE))
  return files
}

async function transformCode(
  root: string,
): Promise<{ files: Map<string, Uint8Array>; packages: Set<string> }> {
  const files = new Map<string, Uint8Array>()
  const packages = new Set<string>()
  const open = await scripts(root, 'dist/transform')
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (files.has(path)) continue
    const code = await part(root, path)
    files.set(path, code)
    const imports = importsOf(path, new TextDecoder().decode(code))
    open.push(...imports.files)
    for (const name of imports.packages) packages.add(name)
  }
  return { files, packages }
}

/** Compiled files below a folder; source maps are for people who debug, not for the image. */
async function scripts(root: string, folder: string): Promise<string[]> {
  const entries = await readdir(join(root, folder), { recursive: true }).catch((error: unknown) => {
    throw incomplete(folder, error)
  })
  return entries
    .filter((entry) => entry.endsWith('.js'))
    .map((entry) => `${folder}/${entry.replaceAll('\\', '/')}`)
    .sort()
}

async function lockFile(root: string): Promise<LockFile> {
  for (const path of LOCK_FILES) {
    const text = await readFile(join(root, path), 'utf8').catch(() => undefined)
    if (text !== undefined) return JSON.parse(text) as LockFile
  }
  throw incomplete(LOCK_FILES.join(' or '))
}

async function json<T>(root: string, path: string): Promise<T> {
  return JSON.parse(new TextDecoder().decode(await part(root, path))) as T
}

async function part(root: string, path: string): Promise<Uint8Array> {
  try {
    return await readFile(join(root, path))
  } catch (error) {
    throw incomplete(path, error)
  }
}

function contentHash(files: Files, architecture: string): string {
  const hash = createHash('sha256').update(`${architecture}\n`)
  for (const path of [...files.keys()].sort()) {
    const content = createHash('sha256').update(files.get(path)!).digest('hex')
    hash.update(`${content}  ${path}\n`)
  }
  return hash.digest('hex')
}

function pretty(value: unknown): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`)
}

function incomplete(what: string, cause?: unknown): DatapipeError {
  return new DatapipeError(
    'IMAGE_SOURCE_INCOMPLETE',
    `The image cannot be built: this installation of datapipe has no ${what}.`,
    {
      cause,
      suggestions: [
        'Install datapipe again; in a checkout, run `npm ci && npm run build`.',
        'Or name an image that exists: `compute: { image: … }` in datapipe.yaml.',
      ],
    },
  )
}
