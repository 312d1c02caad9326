export interface LocationUri {
  host: string
  /** With a leading slash and without a trailing one. */
  path: string
  /** The address in one spelling, for comparing. */
  text: string
}

/**
 * The parts of `smb://server/share/folder/`: a location is described by its address only. Host names compare without case,
 * and DataSync adds slashes at the end.
 */
export function locationUri(uri: string): LocationUri {
  const [, scheme = '', rest = ''] = /^([a-z0-9]+):\/\/(.*)$/.exec(uri) ?? []
  const [host = '', ...folders] = rest.split('/')
  const path = normalPath(folders.join('/'))
  const lower = host.toLowerCase()
  return { host: lower, path, text: `${scheme}://${lower}${path}` }
}

/** `/a/b` for `a//b/`. */
export function normalPath(path: string): string {
  return `/${path
    .split('/')
    .filter((part) => part !== '')
    .join('/')}`
}
