import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

export interface FakePython {
  /** What it says it is. */
  version: [number, number, number]
  /** What is done before anything else; `$@` are its arguments. */
  script?: string
}

/** A folder for PATH with nothing but a shell, Node and a Python that is a shell script. Calls are recorded in `calls`. */
export async function fakePath(directory: string, python?: FakePython): Promise<string> {
  const bin = join(directory, 'bin')
  await mkdir(bin, { recursive: true })
  for (const name of ['sh', 'cat', 'mkdir', 'cp', 'chmod', 'env'])
    await symlink(`/bin/${name}`, join(bin, name))
  await symlink(process.execPath, join(bin, 'node'))
  if (python !== undefined) await writePython(bin, python, join(directory, 'calls'))
  return bin
}

async function writePython(bin: string, { script = '', version }: FakePython, calls: string): Promise<void> {
  const path = join(bin, 'python3')
  await writeFile(
    path,
    `#!/bin/sh
case "$1" in -c) ;; *) echo "$@" >> '${calls}' ;; esac
${script}
case "$1" in
  -c) echo '{"executable": "${path}", "version": [${version.join(', ')}]}' ;;
esac
`,
  )
  await chmod(path, 0o755)
}
