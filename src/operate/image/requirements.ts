import type { AwsContext } from '../../aws/context.js'
import type { Environment } from '../../config/schema.js'
import { UsageError } from '../../errors.js'
import { imageOrigin } from '../../pipeline/image.js'

/** @throws UsageError IMAGE_NAMED, IMAGE_EMULATED where datapipe does not build the image */
export function requireBuilt(aws: AwsContext, environment: Environment): void {
  switch (imageOrigin(aws, environment)) {
    case 'built':
      return
    case 'named':
      throw new UsageError(
        'IMAGE_NAMED',
        `Environment ${environment.name} runs the image that datapipe.yaml names: ${environment.compute.image ?? ''}.`,
        { suggestions: ['Name another one there, or remove `compute.image` to have datapipe build it.'] },
      )
    case 'emulated':
      throw new UsageError(
        'IMAGE_EMULATED',
        `Environment ${environment.name} is on an emulator, which builds no images: it runs the code that is installed.`,
        { suggestions: ['Images are built, listed and rolled back in environments on AWS.'] },
      )
  }
}
