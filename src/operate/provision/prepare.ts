import type { AwsContext } from '../../aws/context.js'
import { fargateQuotas } from '../../aws/service-quotas.js'
import type { Environment } from '../../config/schema.js'
import { Graph } from '../../engine/graph.js'
import type { Resource } from '../../engine/resource.js'
import { environmentResources, type EnvironmentResources } from '../../pipeline/environment.js'
import { inventory, type InventoryItem } from '../../pipeline/inventory.js'
import { orphansOf } from '../../pipeline/orphans.js'
import { isBelowSmallest } from '../../pipeline/size-tiers.js'
import { chooseZones } from '../../resources/ec2/availability-zones.js'
import { hasPiiKey } from '../../resources/s3/pii-key.js'
import { PII_KEY_OBJECT } from '../../transform/pii/key.js'
import { VERSION } from '../../version.js'
import { chooseImage, type WhichImage } from '../image/choose.js'

/** An environment, wired up, with what an earlier configuration left behind. */
export interface Prepared {
  parts: EnvironmentResources
  graph: Graph
  /** Ours by their tags, in no graph; in the order of deletion. */
  orphans: Resource[]
  /** What carries the tags of the environment. */
  items: InventoryItem[]
  /** Tag of the image that the tasks shall run, where datapipe builds it. */
  imageTag: string | undefined
  /** What could not be found out, and what follows from that. */
  warnings: string[]
}

const NO_FARGATE =
  'The Fargate quota of the account (L-3032A538) is below half a vCPU: no task can start. Ask for more with `aws service-quotas request-service-quota-increase --service-code fargate --quota-code L-3032A538 --desired-value 64`.'

export interface PrepareOptions {
  /** Which image the tasks shall run; `wanted` unless told. */
  image?: WhichImage
  /** Version of datapipe, of which an emulated image takes its name; left out: this one. */
  version?: string
}

/** @throws DatapipeError IMAGE_SOURCE_INCOMPLETE when an image is wanted that this installation cannot build */
export async function prepare(
  aws: AwsContext,
  environment: Environment,
  options: PrepareOptions = {},
): Promise<Prepared> {
  const [zoneIds, items, fargate, image, piiKey] = await Promise.all([
    chooseZones(aws, environment.network.zones),
    inventory(aws),
    fargateQuotas(aws, environment.compute.spot),
    chooseImage(aws, environment, options.image ?? 'wanted'),
    hasPiiKey(aws, aws.names.bucket('artifacts'), PII_KEY_OBJECT),
  ])
  const parts = environmentResources(aws, environment, {
    zoneIds,
    version: options.version ?? VERSION,
    fargate: fargate.quotas,
    image: image.choice,
    hasPiiKey: piiKey,
  })
  return {
    parts,
    graph: new Graph(parts.all),
    items,
    imageTag: image.choice && ('pinned' in image.choice ? image.choice.pinned : image.choice.source.tag),
    orphans: orphansOf(aws, items, parts.all),
    warnings: [
      ...fargate.warnings,
      ...(isBelowSmallest(fargate.quotas) ? [NO_FARGATE] : []),
      ...image.warnings,
    ],
  }
}
