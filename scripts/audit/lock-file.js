// What can be said about the dependencies without asking anybody: package.json and package-lock.json.

/** May run code of its own when it is installed, and why. */
const INSTALL_SCRIPTS = {
  esbuild: 'for development; puts its program for this machine in its place',
}

const LICENCES = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
  '(MIT OR CC0-1.0)',
])
/** Of what is used for tests only and not handed on. */
const LICENCES_FOR_TESTS = new Set(['AGPL-3.0-or-later', 'CC-BY-3.0', 'PSF-2.0'])

const PUBLIC_REGISTRY = 'https://registry.npmjs.org/'
const EXACT = /^\d+\.\d+\.\d+(-[\w.-]+)?$/
const STRONG = /^sha512-[A-Za-z0-9+/]{86}==$/

/** @returns what is wrong, one sentence each */
export function lockFileProblems(manifest, lock) {
  const problems = []
  const wanted = { ...manifest.dependencies, ...manifest.devDependencies }
  for (const [name, version] of Object.entries(wanted)) {
    if (!EXACT.test(version)) problems.push(`package.json: ${name} is ${version}, not one exact version.`)
    const locked = lock.packages[`node_modules/${name}`]?.version
    if (locked !== version)
      problems.push(`package-lock.json: ${name} is ${locked ?? 'missing'}, not ${version}.`)
  }
  for (const [path, entry] of Object.entries(lock.packages)) {
    if (path !== '') problems.push(...packageProblems(path, entry))
  }
  return problems
}

function packageProblems(path, entry) {
  const problems = []
  const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)
  const says = (what) => problems.push(`package-lock.json: ${path} ${what}.`)
  if (!path.startsWith('node_modules/') || entry.link === true) says('is no package of the registry')
  if (!STRONG.test(entry.integrity ?? '')) says('has no SHA-512 of its content')
  if (entry.resolved !== undefined && !entry.resolved.startsWith(PUBLIC_REGISTRY)) {
    says(`does not come from ${PUBLIC_REGISTRY}`)
  }
  if (entry.hasInstallScript === true && !Object.hasOwn(INSTALL_SCRIPTS, name)) {
    says('runs a script when it is installed')
  }
  const isAllowed =
    LICENCES.has(entry.license) || (entry.dev === true && LICENCES_FOR_TESTS.has(entry.license))
  if (!isAllowed) says(`has the licence ${entry.license ?? '(none)'}`)
  return problems
}
