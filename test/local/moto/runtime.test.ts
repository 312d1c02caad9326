import { mkdir, mkdtemp, readFile, rm, writeFile, chmod } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { expect } from 'chai'
import type { DatapipeError } from '../../../src/errors.js'
import { findRuntime } from '../../../src/local/moto/runtime.js'
import { interpretersOf } from '../../../src/local/moto/python.js'
import { isCompatible, MOTO_VERSION } from '../../../src/local/moto/version.js'
import { motoRuntime } from '../../support/moto.js'
import { fakePath } from './fake-python.js'

const signal = new AbortController().signal

describe('finding moto', () => {
  let directory: string
  let cache: string
  const path = process.env.PATH

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'datapipe-python-'))
    cache = join(directory, 'cache')
  })
  afterEach(async () => {
    process.env.PATH = path
    await rm(directory, { recursive: true, force: true })
  })

  async function find() {
    return findRuntime({ signal, directory: cache })
  }

  async function failure(): Promise<DatapipeError> {
    return find().then(
      () => expect.fail('it was found'),
      (error: unknown) => error as DatapipeError,
    )
  }

  it('takes 5.2.1 and later, but not 5.3', () => {
    const verdicts = [
      '5.2.1',
      MOTO_VERSION,
      '5.2.10',
      '5.2.0',
      '5.1.22',
      '5.3.0',
      '5.2.2.dev0',
      '15.2.1',
    ].map(isCompatible)
    expect(verdicts).to.deep.equal([true, true, true, false, false, false, false, false])
  })

  it('without any Python: NO_PYTHON', async () => {
    process.env.PATH = await fakePath(directory)
    const error = await failure()
    expect(error.code).to.equal('NO_PYTHON')
    expect(error.message).to.equal('The embedded AWS needs Python 3.10 or newer, and none is on PATH.')
    expect(error.suggestions[0]).to.contain('Install Python 3.10 or newer')
  })

  it('with an old Python: NO_PYTHON, and which one was seen', async () => {
    process.env.PATH = await fakePath(directory, { version: [3, 9, 18] })
    const error = await failure()
    expect(error.code).to.equal('NO_PYTHON')
    expect(error.message).to.contain(`(${join(directory, 'bin', 'python3')} is 3.9.18)`)
  })

  it('when pip fails: PIP_FAILED with what pip said, and the half-made environment is removed', async () => {
    const pip = '#!/bin/sh\necho "ERROR: No matching distribution found for moto"\nexit 1\n'
    const script = `if [ "$2" = venv ]; then mkdir -p "$3/bin"; printf '${pip.replaceAll('\n', '\\n')}' > "$3/bin/python"; chmod 755 "$3/bin/python"; exit 0; fi`
    process.env.PATH = await fakePath(directory, { version: [3, 12, 0], script })
    const error = await failure()
    expect(error.code).to.equal('PIP_FAILED')
    expect(error.message).to.contain('ERROR: No matching distribution found for moto')
    expect(error.suggestions.join(' ')).to.contain('HTTPS_PROXY')
    expect(existsSync(join(cache, `moto-${MOTO_VERSION}`))).to.equal(false)
    await failure()
    const calls = (await readFile(join(directory, 'calls'), 'utf8')).trim().split('\n')
    expect(calls.filter((call) => call.startsWith('-m venv'))).to.have.length(2)
  })

  it('without ensurepip: uses the pip of that Python, into a folder; and takes no result on faith', async () => {
    const script = 'if [ "$2" = venv ]; then echo "ensurepip is not available"; exit 1; fi'
    process.env.PATH = await fakePath(directory, { version: [3, 12, 0], script })
    const error = await failure()
    const calls = await readFile(join(directory, 'calls'), 'utf8')
    expect(calls).to.contain(
      `-m pip install --target ${join(cache, `moto-${MOTO_VERSION}`, 'packages')} moto[server]==${MOTO_VERSION}`,
    )
    // This pip claims success and installs nothing.
    expect(error.code).to.equal('PIP_FAILED')
    expect(error.message).to.contain('cannot be imported')
  })

  it('stops installing when told to', async () => {
    const stop = new AbortController()
    const script = `case "$2" in venv) exec '${process.execPath}' -e 'setTimeout(() => {}, 60000)' ;; esac`
    process.env.PATH = await fakePath(directory, { version: [3, 12, 0], script })
    const found = findRuntime({
      signal: stop.signal,
      directory: cache,
      onEvent: ({ type }) => {
        if (type === 'local.installing')
          setTimeout(() => {
            stop.abort()
          }, 50)
      },
    })
    const error = await found.catch((thrown: unknown) => thrown)
    expect(error).to.have.property('code', 'INTERRUPTED')
  })

  it('asks the interpreter of a script on PATH, also through shims, and passes over versions that do not fit', async function () {
    this.timeout(180_000)
    const { python } = await motoRuntime()
    const bin = await fakePath(directory, { version: [3, 12, 0] })
    const old = join(directory, 'old')
    await script(join(old, 'moto_server'), `#!${join(old, 'python3')}\n`)
    await script(
      join(old, 'python3'),
      `#!/bin/sh\necho '{"executable": "x", "version": [3, 11, 0], "moto": "4.0.0"}'\n`,
    )
    const shims = join(directory, 'shims')
    await script(join(shims, 'moto_server'), '#!/bin/sh\nexec version-manager moto_server "$@"\n')
    await script(join(shims, 'python3'), `#!/bin/sh\nexec '${python}' "$@"\n`)
    process.env.PATH = [old, shims, bin].join(delimiter)
    const runtime = await find()
    expect(isCompatible(runtime.version)).to.equal(true)
    // The real interpreter, not the shim that it was found through.
    expect(dirname(runtime.python)).to.not.equal(shims)
    expect(existsSync(join(directory, 'calls'))).to.equal(false)
  })

  it('reads the interpreter from all the first lines that installers write', async () => {
    const path = join(directory, 'moto_server')
    const beside = [join(directory, 'python3'), join(directory, 'python')]
    const cases: [text: string, expected: string[]][] = [
      ['#!/opt/venv/bin/python3.12\nimport re', ['/opt/venv/bin/python3.12']],
      ['#! /usr/bin/env python3\nimport re', ['python3']],
      [`#!/bin/sh\n'''exec' "/very/long path/python" "$0" "$@"\n' '''`, ['/very/long path/python']],
      [`#!/bin/sh\n'''exec' /very/long/python "$0" "$@"\n' '''`, ['/very/long/python']],
      ['#!/usr/bin/env bash\nexec pyenv', beside],
      ['\x7fELF', beside],
    ]
    for (const [text, expected] of cases) {
      await script(path, text)
      expect(await interpretersOf(path), text).to.deep.equal(expected)
    }
  })
})

async function script(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, text)
  await chmod(path, 0o755)
}
