import { ECRClient, paginateDescribeImages, type ImageDetail } from '@aws-sdk/client-ecr'
import { DescribeTaskDefinitionCommand, ECSClient } from '@aws-sdk/client-ecs'
import type { AwsContext } from '../../aws/context.js'
import { isAwsError } from '../../aws/retry.js'
import { DatapipeError, messageOf } from '../../errors.js'
import { readPin } from './pin.js'

export interface ImageInfo {
  /** Usually one. */
  tags: string[]
  digest: string
  /** ISO date. */
  pushedAt: string | null
  /** Compressed, as it is stored and pulled. */
  bytes: number
  /** The task definition names it: the next task runs it. */
  deployed: boolean
  /** `datapipe image rollback` chose it, and `up` keeps it. */
  pinned: boolean
}

export interface ImageListResult {
  repository: string
  /** What the task definition names; null when there is none. */
  deployed: string | null
  /** Tag that `up` keeps deployed; null when it deploys the image of its own version. */
  pinned: string | null
  /** Newest first. */
  images: ImageInfo[]
}

/**
 * The images that are there, newest first.
 * @throws DatapipeError ENVIRONMENT_MISSING when the environment has no repository
 */
export async function listImages(aws: AwsContext): Promise<ImageListResult> {
  const [details, deployed, pin] = await Promise.all([taggedImages(aws), deployedImage(aws), readPin(aws)])
  const images = details.map((detail): ImageInfo => {
    const { imageDigest: digest = '', imagePushedAt, imageSizeInBytes: bytes = 0, imageTags = [] } = detail
    return {
      tags: [...imageTags].sort(),
      digest,
      pushedAt: imagePushedAt?.toISOString() ?? null,
      bytes,
      deployed: deployed !== undefined && isImage(deployed, digest, imageTags),
      pinned: pin !== undefined && imageTags.includes(pin.tag),
    }
  })
  return {
    repository: aws.names.repository,
    deployed: deployed ?? null,
    pinned: pin?.tag ?? null,
    images: images.sort((a, b) => ((a.pushedAt ?? '') < (b.pushedAt ?? '') ? 1 : -1)),
  }
}

/** By digest, as `up` deploys, or by tag. */
function isImage(uri: string, digest: string, tags: readonly string[]): boolean {
  return uri.endsWith(`@${digest}`) || tags.some((tag) => uri.endsWith(`:${tag}`))
}

async function taggedImages(aws: AwsContext): Promise<ImageDetail[]> {
  const found: ImageDetail[] = []
  try {
    for await (const page of paginateDescribeImages(
      { client: aws.clients.of(ECRClient) },
      { repositoryName: aws.names.repository, filter: { tagStatus: 'TAGGED' } },
    )) {
      found.push(...(page.imageDetails ?? []))
    }
  } catch (error) {
    if (!isAwsError(error, 'RepositoryNotFoundException')) throw error
    throw new DatapipeError('ENVIRONMENT_MISSING', `Environment ${aws.env} has no image repository yet.`, {
      cause: error,
      suggestions: [`Create the environment: datapipe up --env ${aws.env}`],
    })
  }
  return found
}

async function deployedImage(aws: AwsContext): Promise<string | undefined> {
  try {
    const { taskDefinition } = await aws.clients
      .of(ECSClient)
      .send(new DescribeTaskDefinitionCommand({ taskDefinition: aws.names.taskFamily }))
    return taskDefinition?.containerDefinitions?.[0]?.image
  } catch (error) {
    // ECS has no "not found" class for this.
    if (isAwsError(error, 'ClientException') && /unable to describe/i.test(messageOf(error))) return undefined
    throw error
  }
}
