import type { ImageListResult } from '../../operate/image/list.js'
import { DatapipeCommand, type CommandContext, type Outcome } from '../../ui/command.js'
import { formatBytes } from '../../ui/format.js'

export default class ImageList extends DatapipeCommand<ImageListResult, typeof ImageList> {
  static override readonly onlyReads = true
  static override summary = 'List the container images of an environment, and which one its tasks run.'
  static override description = `Newest first. The tag of an image is a hash of what it was built from. Reads AWS and changes nothing.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> --env dev',
    {
      description: 'The tag that is deployed, for a script',
      command:
        '<%= config.bin %> <%= command.id %> --env prod --json | jq -r ".result.images[] | select(.deployed) | .tags[0]"',
    },
  ]

  protected async perform(context: CommandContext): Promise<Outcome<ImageListResult>> {
    const { listImages } = await import('../../operate/image/list.js')
    const { reporter } = context
    const result = await listImages(await context.aws())
    if (result.images.length > 0) {
      reporter.table(
        ['TAG', 'PUSHED', 'SIZE', 'DIGEST', 'STATE'],
        result.images.map(({ bytes, deployed, digest, pinned, pushedAt, tags }) => [
          tags.join(', '),
          pushedAt ?? '',
          formatBytes(bytes),
          digest.slice(0, 'sha256:'.length + 12),
          [...(deployed ? ['deployed'] : []), ...(pinned ? ['pinned'] : [])].join(', '),
        ]),
      )
    } else reporter.info(`${result.repository} has no images.`)
    if (!result.images.some(({ deployed }) => deployed) && result.deployed !== null)
      reporter.info(`The tasks run ${result.deployed}, which is not one of these.`)
    return { result }
  }
}
