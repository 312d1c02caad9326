import type { AwsContext } from '../../aws/context.js'
import type { Environment } from '../../config/schema.js'
import { imageOrigin, type ImageChoice } from '../../pipeline/image.js'
import { readPin } from './pin.js'
import { imageSource } from './source.js'

/** The pinned one or else that of this installation; the latter in any case; one that exists; none. */
export type WhichImage = 'wanted' | 'current' | { pinned: string } | 'none'

export interface ChosenImage {
  /** undefined where datapipe builds none. */
  choice?: ImageChoice
  warnings: string[]
}

/**
 * Which image the tasks of an environment shall run.
 * @throws DatapipeError IMAGE_SOURCE_INCOMPLETE
 */
export async function chooseImage(
  aws: AwsContext,
  environment: Environment,
  which: WhichImage,
): Promise<ChosenImage> {
  if (which === 'none' || imageOrigin(aws, environment) !== 'built') return { warnings: [] }
  if (typeof which === 'object') return { choice: which, warnings: [] }
  const pin = which === 'wanted' ? await readPin(aws) : undefined
  if (pin !== undefined) {
    return {
      choice: { pinned: pin.tag },
      warnings: [
        `The tasks run the pinned image ${pin.tag}, not that of this version. \`datapipe image rollback --clear --env ${aws.env}\` ends that.`,
      ],
    }
  }
  return { choice: { source: await imageSource(environment.compute.architecture) }, warnings: [] }
}
