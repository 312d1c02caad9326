import type { AwsContext } from '../../aws/context.js'
import type { Environment } from '../../config/schema.js'
import { anySignal } from '../../engine/signals.js'
import { DatapipeError } from '../../errors.js'
import { takeLease } from '../provision/lease.js'
import { operationFor } from '../provision/operation.js'
import { prepare } from '../provision/prepare.js'
import { deployOne, resolveDependencies } from './deploy.js'
import { requireBuilt } from './requirements.js'
import type { ImageRequest } from './rollback.js'

export interface ImageBuildResult {
  tag: string
  digest: string
  uri: string
  /** `unchanged`: it was there already. */
  action: 'built' | 'unchanged'
}

/**
 * Builds the image of this installation ahead of the `up` that deploys it, also while another one is pinned.
 * @throws DatapipeError IMAGE_BUILD_FAILED, IMAGE_BUILD_QUOTA, IMAGE_SOURCE_INCOMPLETE, ENVIRONMENT_INCOMPLETE, LEASE_HELD;
 * UsageError IMAGE_NAMED, IMAGE_EMULATED
 */
export async function build(
  aws: AwsContext,
  environment: Environment,
  request: ImageRequest,
): Promise<ImageBuildResult> {
  requireBuilt(aws, environment)
  const { graph, parts } = await prepare(aws, environment, { image: 'current' })
  const { image } = parts.compute.image
  if (image === undefined) throw new DatapipeError('INTERNAL', 'An environment on AWS has no image.')
  const { artifacts } = parts.storage
  if ((await artifacts.read())?.owned !== true) {
    throw new DatapipeError('ENVIRONMENT_MISSING', `Environment ${aws.env} does not exist yet.`, {
      suggestions: [`Create it: datapipe up --env ${aws.env}`],
    })
  }
  const lease = await takeLease(aws, 'image build')
  try {
    const signal = anySignal(request.signal, lease.lost)
    const op = operationFor(image, { ...request, signal })
    await resolveDependencies(graph, image, op)
    const { action, attributes } = await deployOne(image, op)
    return { ...attributes, action: action === 'unchanged' ? 'unchanged' : 'built' }
  } finally {
    await lease.release()
  }
}
