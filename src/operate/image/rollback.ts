import type { AwsContext } from '../../aws/context.js'
import type { Environment } from '../../config/schema.js'
import type { EngineListener } from '../../engine/events.js'
import { DatapipeError, UsageError } from '../../errors.js'
import { takeLease } from '../provision/lease.js'
import { operationFor } from '../provision/operation.js'
import { prepare } from '../provision/prepare.js'
import { deployOne, resolveDependencies } from './deploy.js'
import { listImages, type ImageInfo, type ImageListResult } from './list.js'
import { clearPin, writePin } from './pin.js'
import { requireBuilt } from './requirements.js'

export interface RollbackResult {
  /** Now deployed and pinned. */
  tag: string
  digest: string
  /** What was deployed before; null when it was none of the repository's images. */
  previous: { tag: string | null; digest: string } | null
  /** ARN of the task definition's revision. */
  taskDefinition: string
  /** `unchanged` when it was deployed already and is only pinned now. */
  action: 'created' | 'updated' | 'unchanged'
}

export interface ImageRequest {
  signal: AbortSignal
  onEvent: EngineListener
}

/**
 * Deploys an image that exists and pins it, so that `up` keeps it: without the pin, the next `up` would roll forward again.
 * The pin comes before the deployment: a run that is cut off between them is completed by the next `up`.
 * @param tag undefined: the image that was pushed before the one that is deployed
 * @throws UsageError IMAGE_NOT_FOUND, NO_OLDER_IMAGE, IMAGE_NAMED, IMAGE_EMULATED; DatapipeError ENVIRONMENT_INCOMPLETE,
 * ENVIRONMENT_MISSING, LEASE_HELD
 */
export async function rollback(
  aws: AwsContext,
  environment: Environment,
  tag: string | undefined,
  request: ImageRequest,
): Promise<RollbackResult> {
  requireBuilt(aws, environment)
  const list = await listImages(aws)
  const target = tag === undefined ? olderImage(list) : byTag(list, tag)
  const pinned = tag ?? tagOf(target)
  const before = list.images.find(({ deployed }) => deployed)
  const lease = await takeLease(aws, 'image rollback')
  try {
    const { graph, parts } = await prepare(aws, environment, { image: { pinned } })
    const { taskDefinition } = parts.compute
    const op = operationFor(taskDefinition, request)
    await resolveDependencies(graph, taskDefinition, op)
    lease.assertHeld()
    await writePin(aws, { tag: pinned }, `datapipe image rollback, from ${list.deployed ?? 'nothing'}`)
    const { action, attributes } = await deployOne(taskDefinition, op)
    return {
      tag: pinned,
      digest: target.digest,
      previous: before === undefined ? null : { tag: before.tags[0] ?? null, digest: before.digest },
      taskDefinition: attributes.arn,
      action,
    }
  } finally {
    await lease.release()
  }
}

/** @returns the tag that was pinned, undefined when none was; the next `up` deploys the image of its version again */
export async function unpin(aws: AwsContext, environment: Environment): Promise<string | undefined> {
  requireBuilt(aws, environment)
  const lease = await takeLease(aws, 'image rollback --clear')
  try {
    return (await clearPin(aws))?.tag
  } finally {
    await lease.release()
  }
}

function byTag({ images, repository }: ImageListResult, tag: string): ImageInfo {
  const found = images.find(({ tags }) => tags.includes(tag))
  if (found !== undefined) return found
  const known = images.flatMap(({ tags }) => tags)
  throw new UsageError('IMAGE_NOT_FOUND', `There is no image ${tag} in ${repository}.`, {
    suggestions: [known.length === 0 ? 'It has none yet.' : `There are: ${known.join(', ')}.`],
  })
}

/** The newest of those that are older than what is deployed. */
function olderImage({ deployed, images }: ImageListResult): ImageInfo {
  const place = images.findIndex((image) => image.deployed)
  if (place === -1) {
    throw new UsageError(
      'IMAGE_NOT_FOUND',
      `What is deployed, ${deployed ?? 'nothing'}, is not in the repository: say which image to go back to.`,
      { suggestions: ['See which there are: `datapipe image list`.'] },
    )
  }
  const older = images[place + 1]
  if (older !== undefined) return older
  throw new UsageError('NO_OLDER_IMAGE', 'There is no image older than the one that is deployed.', {
    suggestions: ['See which there are: `datapipe image list`.'],
  })
}

function tagOf({ digest, tags }: ImageInfo): string {
  const [tag] = tags
  if (tag === undefined) throw new DatapipeError('IMAGE_NOT_FOUND', `Image ${digest} has no tag.`)
  return tag
}
