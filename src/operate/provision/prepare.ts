import type { AwsContext } from '../../aws/context.js'
import type { Environment } from '../../config/schema.js'
import { Graph } from '../../engine/graph.js'
import type { Resource } from '../../engine/resource.js'
import { environmentResources, type EnvironmentResources } from '../../pipeline/environment.js'
import { inventory } from '../../pipeline/inventory.js'
import { orphansOf } from '../../pipeline/orphans.js'
import { chooseZones } from '../../resources/ec2/availability-zones.js'
import { VERSION } from '../../version.js'

/** An environment, wired up, with what an earlier configuration left behind. */
export interface Prepared {
  parts: EnvironmentResources
  graph: Graph
  /** Ours by their tags, in no graph; in the order of deletion. */
  orphans: Resource[]
}

export async function prepare(aws: AwsContext, environment: Environment): Promise<Prepared> {
  const [zoneIds, items] = await Promise.all([chooseZones(aws, environment.network.zones), inventory(aws)])
  const parts = environmentResources(aws, environment, { zoneIds, version: VERSION })
  return { parts, graph: new Graph(parts.all), orphans: orphansOf(aws, items, parts.all) }
}
