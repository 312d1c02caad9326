import type { AwsContext } from '../aws/context.js'
import { policy } from '../aws/policy.js'
import type { ResourceOptions } from '../engine/resource.js'
import type { AwsResource } from '../resources/resource.js'
import type { InventoryItem } from './inventory.js'

/** @param options which other orphans it uses */
export type Build = (
  aws: AwsContext,
  id: string,
  name: string,
  options: ResourceOptions,
  item: InventoryItem,
) => AwsResource

/** The kind is service and kind of the ARN: `ec2:subnet`. */
export type Builder = readonly [kind: string, build: Build]

/** For properties that reading and deleting do not look at. */
export const none = () => ''
export const noPolicy = () => policy()
