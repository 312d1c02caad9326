import type { AwsContext } from '../../aws/context.js'
import { fargateQuotas } from '../../aws/service-quotas.js'
import type { Environment } from '../../config/schema.js'
import { Graph } from '../../engine/graph.js'
import type { Resource } from '../../engine/resource.js'
import { environmentResources, type EnvironmentResources } from '../../pipeline/environment.js'
import { inventory } from '../../pipeline/inventory.js'
import { orphansOf } from '../../pipeline/orphans.js'
import { chooseZones } from '../../resources/ec2/availability-zones.js'
import { VERSION } from '../../version.js'
import { chooseImage } from '../image/choose.js'

/** An environment, wired up, with what an earlier configuration left behind. */
export interface Prepared {
  parts: EnvironmentResources
  graph: Graph
  /** Ours by their tags, in no graph; in the order of deletion. */
  orphans: Resource[]
  /** What could not be found out, and what follows from that. */
  warnings: string[]
}

export interface PrepareOptions {
  /** Which image the tasks shall run: the pinned one or else that of this installation, the latter in any case, or none. */
  image?: 'wanted' | 'current' | 'none'
}

/** @throws DatapipeError IMAGE_SOURCE_INCOMPLETE when an image is wanted that this installation cannot build */
export async function prepare(
  aws: AwsContext,
  environment: Environment,
  options: PrepareOptions = {},
): Promise<Prepared> {
  const [zoneIds, items, fargate, image] = await Promise.all([
    chooseZones(aws, environment.network.zones),
    inventory(aws),
    fargateQuotas(aws, environment.compute.spot),
    chooseImage(aws, environment, options.image ?? 'wanted'),
  ])
  const parts = environmentResources(aws, environment, {
    zoneIds,
    version: VERSION,
    fargate: fargate.quotas,
    image: image.choice,
  })
  return {
    parts,
    graph: new Graph(parts.all),
    orphans: orphansOf(aws, items, parts.all),
    warnings: [...fargate.warnings, ...image.warnings],
  }
}
