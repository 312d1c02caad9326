import { Config } from '@oclif/core'
import { captureOutput } from '@oclif/test'
import { expect } from 'chai'
import hook from '../../src/ui/unknown-command.js'

const commands = ['up', 'down', 'local:start', 'hidden'].map((id) => ({ id, hidden: id === 'hidden' }))

async function run(id: string, argv: string[] = []) {
  const real = await Config.load(import.meta.url)
  const config = Object.create(real, { commands: { value: commands } }) as Config
  const context = { config } as unknown as ThisParameterType<typeof hook>
  const before = process.exitCode
  const ran = await captureOutput(() => Promise.resolve(hook.call(context, { id, argv, config, context })))
  const { exitCode } = process
  process.exitCode = before
  return { ...ran, exitCode }
}

describe('unknown command', () => {
  it('names the command that was probably meant and runs nothing', async () => {
    const { error, exitCode, stderr } = await run('dwon')
    expect(stderr).to.equal(
      'Error: There is no command `dwon`.\n\n  - Did you mean `datapipe down`?\n  - See `datapipe --help` for all commands.\n',
    )
    expect(exitCode).to.equal(2)
    expect(error?.oclif?.exit).to.equal(2)
  })

  it('speaks of topics as they are typed, in a document under --json', async () => {
    const { stdout } = await run('local:strat', ['--json'])
    expect(JSON.parse(stdout)).to.deep.include({
      command: 'local strat',
      ok: false,
      error: {
        code: 'USAGE',
        message: 'There is no command `local strat`.',
        suggestions: ['Did you mean `datapipe local start`?', 'See `datapipe --help` for all commands.'],
      },
    })
  })

  it('does not give away hidden commands', async () => {
    expect((await run('hiden')).stderr).to.not.include('Did you mean')
  })
})
