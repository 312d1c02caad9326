import { DatapipeError } from '../../errors.js'

interface LockEntry extends Record<string, unknown> {
  dependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
  peerDependencies?: Record<string, string>
  peerDependenciesMeta?: Record<string, { optional?: boolean }>
}

/** `package-lock.json`, version 3. */
export interface LockFile {
  lockfileVersion: number
  packages: Record<string, LockEntry>
}

/** Marks of what only development needs, which is nothing here. */
const DEVELOPMENT = new Set(['dev', 'devOptional'])

export interface Manifest {
  name: string
  version: string
  engines?: Record<string, string>
  dependencies: Record<string, string>
}

/** What the image needs of package.json: `npm ci` refuses one that names more than the lock file does. */
export function reduceManifest(manifest: Manifest, packages: Iterable<string>): Manifest {
  const dependencies = [...packages].sort().map((name): [string, string] => {
    const version = manifest.dependencies[name]
    if (version === undefined) {
      throw new DatapipeError(
        'IMAGE_SOURCE_INCOMPLETE',
        `The transform imports ${name}, which package.json does not name.`,
      )
    }
    return [name, version]
  })
  return {
    name: manifest.name,
    version: manifest.version,
    private: true,
    type: 'module',
    engines: manifest.engines,
    dependencies: Object.fromEntries(dependencies),
  } as Manifest
}

/**
 * The lock file with nothing but what `manifest` leads to, for every platform: the image gets the same versions as were
 * tested, and a change of anything else is no change of the image.
 * @throws DatapipeError IMAGE_SOURCE_INCOMPLETE when the lock file lacks one of them
 */
export function reduceLock(lock: LockFile, manifest: Manifest): LockFile {
  const kept = new Set<string>()
  const open = Object.keys(manifest.dependencies).map((name) => required(lock, '', name))
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (kept.has(path)) continue
    kept.add(path)
    const entry = lock.packages[path]!
    const { dependencies = {}, optionalDependencies = {}, peerDependencies = {} } = entry
    const peers = Object.keys(peerDependencies).filter(
      (name) => entry.peerDependenciesMeta?.[name]?.optional !== true,
    )
    for (const name of Object.keys(dependencies)) {
      if (!Object.hasOwn(optionalDependencies, name)) open.push(required(lock, path, name))
    }
    for (const name of [...Object.keys(optionalDependencies), ...peers]) {
      const found = resolve(lock, path, name)
      if (found !== undefined) open.push(found)
    }
  }
  const entries = [...kept].sort().map((path): [string, LockEntry] => {
    const entry = Object.entries(lock.packages[path]!).filter(([key]) => !DEVELOPMENT.has(key))
    return [path, Object.fromEntries(entry)]
  })
  return {
    name: manifest.name,
    version: manifest.version,
    lockfileVersion: lock.lockfileVersion,
    requires: true,
    packages: { '': { ...manifest }, ...Object.fromEntries(entries) },
  } as LockFile
}

function required(lock: LockFile, from: string, name: string): string {
  const found = resolve(lock, from, name)
  if (found !== undefined) return found
  throw new DatapipeError(
    'IMAGE_SOURCE_INCOMPLETE',
    `The lock file does not have ${name}${from === '' ? '' : `, which ${from} needs`}.`,
    { suggestions: ['Install datapipe again: its package is damaged.'] },
  )
}

/** As Node looks for it: beside, then in each folder above. @returns its path in the lock file */
function resolve({ packages }: LockFile, from: string, name: string): string | undefined {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    const path = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`
    if (packages[path] !== undefined) return path
    if (folder === '') return undefined
  }
}
