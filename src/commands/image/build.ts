import type { ImageBuildResult } from '../../operate/image/build.js'
import { DatapipeCommand, type CommandContext, type Outcome } from '../../ui/command.js'

export default class ImageBuild extends DatapipeCommand<ImageBuildResult, typeof ImageBuild> {
  static override summary = 'Build the container image of this version on AWS, without deploying it.'
  static override description = `\`up\` does it by itself; this does it ahead of time. CodeBuild builds it, so no Docker is needed here. \
Nothing happens when the image is there already: its tag is a hash of what it is built from.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> --env dev',
    {
      description: 'Build now, deploy at night',
      command: '<%= config.bin %> <%= command.id %> --env prod --quiet',
    },
  ]

  protected async perform(context: CommandContext): Promise<Outcome<ImageBuildResult>> {
    const { build } = await import('../../operate/image/build.js')
    const { environment, reporter, signal } = context
    const result = await build(await context.aws(), environment, { signal, onEvent: reporter.engine })
    reporter.out(
      result.action === 'built'
        ? `Built ${result.tag}. Deploy it: datapipe up --env ${context.env}`
        : `${result.tag} is there already.`,
    )
    return { result }
  }
}
