import { Args, Flags } from '@oclif/core'
import { captureOutput } from '@oclif/test'
import { expect } from 'chai'
import { DatapipeError, ExitCode, InterruptedError, UsageError } from '../../src/errors.js'
import { DatapipeCommand, type CommandContext, type Outcome } from '../../src/ui/command.js'

type Act = (context: CommandContext) => Promise<Outcome<{ done: string }>>
let act: Act

class Probe extends DatapipeCommand<{ done: string }, typeof Probe> {
  static override id = 'local:probe'
  static override args = { file: Args.string() }
  static override flags = { count: Flags.integer({ default: 1 }) }

  protected perform(context: CommandContext): Promise<Outcome<{ done: string }>> {
    context.reporter.info(`count ${this.flags.count} file ${this.args.file ?? 'none'}`)
    return act(context)
  }
}

interface Ran {
  stdout: string
  stderr: string
  exitCode: number | string | null | undefined
  error: (Error & { oclif?: { exit?: number }; code?: string }) | undefined
}

async function run(argv: string[], how: Act): Promise<Ran> {
  act = how
  const before = process.exitCode
  const { error, stderr, stdout } = await captureOutput(() => Probe.run(argv, import.meta.url))
  const { exitCode } = process
  process.exitCode = before
  return { stdout, stderr, exitCode, error }
}

const done: Act = () => Promise.resolve({ result: { done: 'yes' } })
const fail =
  (error: Error): Act =>
  () =>
    Promise.reject(error)

describe('base command', () => {
  it('prints one document on success and keeps progress out of it', async () => {
    const { exitCode, stderr, stdout } = await run(['a.csv', '--count', '3', '--env', 'prod', '--json'], done)
    expect(JSON.parse(stdout)).to.deep.equal({
      schemaVersion: 1,
      command: 'local probe',
      env: 'prod',
      ok: true,
      result: { done: 'yes' },
      warnings: [],
    })
    expect(stderr).to.equal('')
    expect(exitCode).to.equal(0)
  })

  it('says progress on stderr and data on stdout', async () => {
    const { stderr, stdout } = await run(['a.csv'], (context) => {
      context.reporter.out('data')
      return done(context)
    })
    expect(stdout).to.equal('data\n')
    expect(stderr).to.equal('count 1 file a.csv\n')
  })

  for (const json of [true, false]) {
    const flags = json ? ['--json'] : []
    const name = json ? 'with --json' : 'without --json'

    it(`ends with the exit code of the outcome ${name}`, async () => {
      const pending: Act = () => Promise.resolve({ result: { done: 'no' }, exitCode: ExitCode.pending })
      const { error, exitCode } = await run(flags, pending)
      expect(exitCode).to.equal(6)
      expect(error).to.equal(undefined)
    })

    for (const [error, code] of [
      [new DatapipeError('X', 'x'), 1],
      [new UsageError('X', 'x'), 2],
      [new DatapipeError('X', 'x', { exitCode: ExitCode.partial }), 3],
      [new DatapipeError('X', 'x', { exitCode: ExitCode.leaseHeld }), 4],
      [new DatapipeError('X', 'x', { exitCode: ExitCode.rejected }), 5],
      [new DatapipeError('X', 'x', { exitCode: ExitCode.interrupted }), 130],
      [new TypeError('x'), 1],
    ] as const) {
      it(`exits ${code} after ${error.name} ${name}`, async () => {
        const ran = await run(flags, fail(error))
        expect(ran.exitCode).to.equal(code)
        // What oclif's own handler ends the process with.
        expect(ran.error?.oclif?.exit).to.equal(code)
      })
    }

    it(`exits 2 on an unknown flag ${name}`, async () => {
      const ran = await run(['--cuont', '3', ...flags], done)
      expect(ran.exitCode).to.equal(2)
      expect(ran.error?.oclif?.exit).to.equal(2)
    })
  }

  it('prints the failure as a document that carries no configuration of the program', async () => {
    const { stdout } = await run(['--cuont', '3', '--json'], done)
    expect(JSON.parse(stdout)).to.deep.equal({
      schemaVersion: 1,
      command: 'local probe',
      env: null,
      ok: false,
      error: {
        code: 'USAGE',
        message: 'Nonexistent flag: --cuont',
        suggestions: ['Did you mean --count?', 'See `datapipe local probe --help`.'],
      },
      warnings: [],
    })
  })

  it('keeps what was done before a failure, and the warnings', async () => {
    const { stdout } = await run(['--json'], (context) => {
      context.warn('look out')
      throw new DatapipeError('HALF', 'half done', { result: { made: 3 }, suggestions: ['go on'] })
    })
    expect(JSON.parse(stdout)).to.deep.include({
      ok: false,
      env: 'dev',
      error: { code: 'HALF', message: 'half done', suggestions: ['go on'] },
      result: { made: 3 },
      warnings: ['look out'],
    })
  })

  it('takes a cloud call that was aborted for what it is, and says how to go on', async () => {
    const aborted = Object.assign(new Error('Request aborted'), { name: 'AbortError' })
    for (const error of [aborted, new InterruptedError()]) {
      const { exitCode, stdout } = await run(['--json'], fail(error))
      expect(exitCode).to.equal(130)
      const document = JSON.parse(stdout) as { error: { code: string; suggestions: string[] } }
      expect(document.error.code).to.equal('INTERRUPTED')
      expect(document.error.suggestions.join()).to.include('continues where this run stopped')
    }
  })

  it('explains a failure in words: what, blank line, what next', async () => {
    const { stderr, stdout } = await run(
      ['--quiet'],
      fail(new UsageError('X', 'It broke.', { suggestions: ['Mend it.', 'Leave it.'] })),
    )
    expect(stderr).to.equal('Error: It broke.\n\n  - Mend it.\n  - Leave it.\n')
    expect(stdout).to.equal('')
  })

  it('shows a stack with --debug only, in words and in the document', async () => {
    const broken = fail(new TypeError('x is not a function'))
    const plain = await run(['-q'], broken)
    expect(plain.stderr).to.include('Unexpected error: x is not a function')
    expect(plain.stderr).to.include('--debug').and.not.include('command.test.ts')
    expect((await run(['-q', '--debug'], broken)).stderr).to.include('command.test.ts')
    expect((await run(['--json'], broken)).stdout).to.not.include('command.test.ts')
    expect((await run(['--json', '--debug'], broken)).stdout).to.include('command.test.ts')
  })

  it('never prints the secrets of the environment', async () => {
    process.env.AWS_SECRET_ACCESS_KEY = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'
    try {
      const leak: Act = (context) => {
        context.reporter.info(`key ${process.env.AWS_SECRET_ACCESS_KEY}`)
        context.warn(`key ${process.env.AWS_SECRET_ACCESS_KEY}`)
        throw new Error(`bad signature for ${process.env.AWS_SECRET_ACCESS_KEY}`)
      }
      for (const flags of [['--debug'], ['--debug', '--json']]) {
        const { stderr, stdout } = await run(flags, leak)
        expect(stderr + stdout)
          .to.include('[hidden]')
          .and.not.include('wJalrXUtnFEMI')
      }
    } finally {
      delete process.env.AWS_SECRET_ACCESS_KEY
    }
  })

  it('takes the environment from DATAPIPE_ENV, the flag wins', async () => {
    process.env.DATAPIPE_ENV = 'test'
    try {
      expect(JSON.parse((await run(['--json'], done)).stdout)).to.include({ env: 'test' })
      expect(JSON.parse((await run(['--json', '-e', 'prod'], done)).stdout)).to.include({ env: 'prod' })
    } finally {
      delete process.env.DATAPIPE_ENV
    }
  })
})
