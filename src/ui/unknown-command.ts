import type { Hook } from '@oclif/core'
import { nearestWord } from '../config/nearest.js'
import { UsageError } from '../errors.js'
import { reportFailure } from './report.js'

/**
 * oclif's hook for a command that does not exist. It names the one that was probably meant and never runs it: the guess
 * could be `down`.
 */
const hook: Hook.CommandNotFound = ({ argv = [], config, id }) => {
  const command = asTyped(id)
  const known = config.commands.filter(({ hidden }) => !hidden).map((known) => asTyped(known.id))
  const near = nearestWord(command, known)
  const failure = new UsageError('USAGE', `There is no command \`${command}\`.`, {
    suggestions: [
      ...(near === undefined ? [] : [`Did you mean \`${config.bin} ${near}\`?`]),
      `See \`${config.bin} --help\` for all commands.`,
    ],
  })
  const document = { command, env: null, warnings: [] }
  return Promise.reject(
    reportFailure(failure, { json: argv.includes('--json'), debug: argv.includes('--debug'), document }),
  )
}

export default hook

function asTyped(id: string): string {
  return id.replaceAll(':', ' ')
}
