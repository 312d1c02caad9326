/** The release of moto that is installed when none is found: what the tests of this release of datapipe ran against. */
export const MOTO_VERSION = '5.2.5'

/** Releases of moto that are used when they are already there: 5.2.1 up to, not including, 5.3. */
export function isCompatible(version: string): boolean {
  const match = /^5\.2\.(\d+)$/.exec(version)
  return match !== null && Number(match[1]) >= 1
}

/** moto alone is pinned exactly; what it is served with, to the major version that release was made for. */
export const REQUIREMENTS = [`moto[server]==${MOTO_VERSION}`, 'flask>=3,<4', 'werkzeug>=3,<4', 'boto3<2']
