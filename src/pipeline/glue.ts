import type { AwsContext } from '../aws/context.js'
import type { Environment } from '../config/schema.js'
import { GlueSecurityConfiguration } from '../resources/glue/security-configuration.js'
import { Role } from '../resources/iam/role.js'
import type { AwsResource } from '../resources/resource.js'
import { glueRolePolicy, glueTrust, type GlueUses } from './policies/glue.js'
import type { InventoryItem } from './inventory.js'
import type { Security } from './security.js'

/** What crawler and Spark job share. */
export interface Glue {
  /** undefined: neither is on. */
  shared?: { role: Role; securityConfiguration: GlueSecurityConfiguration }
  resources: AwsResource[]
}

const ROLE_ID = 'security/role/glue'
const CONFIGURATION_ID = 'security/glue-security-configuration'

/** Whether anything of Glue runs in this environment, beside the catalog. */
export function usesGlue(environment: Environment): boolean {
  const { crawler, spark } = usesOf(environment)
  return crawler || spark
}

function usesOf({ catalog, spark }: Environment): GlueUses {
  return { crawler: catalog.crawler !== 'off', spark: spark.enabled }
}

export function glue(aws: AwsContext, environment: Environment, { key }: Security): Glue {
  if (!usesGlue(environment)) return { resources: [] }
  const uses = usesOf(environment)
  const { names } = aws
  const role = new Role(
    aws,
    ROLE_ID,
    names.role('glue'),
    {
      description: `datapipe ${environment.name}: crawler and Spark job`,
      trust: () => glueTrust(names),
      policy: () => glueRolePolicy(names, key.attributes.arn, uses),
      permissionsBoundary: environment.permissionsBoundary,
    },
    { dependsOn: [key] },
  )
  const securityConfiguration = new GlueSecurityConfiguration(
    aws,
    CONFIGURATION_ID,
    names.glueSecurityConfiguration,
    { keyArn: () => key.attributes.arn },
    // It has no tags. After the role, which has them, so that whoever finds the role knows to look for it.
    { dependsOn: [key, role] },
  )
  return { shared: { role, securityConfiguration }, resources: [role, securityConfiguration] }
}

/**
 * What has no tags to be found by once Glue is switched off, but stands beside something that has: the security
 * configuration is made after the role, and deleted before it.
 */
export function untaggedBeside(aws: AwsContext, items: readonly InventoryItem[]): InventoryItem[] {
  if (!items.some(({ id }) => id === ROLE_ID)) return []
  const name = aws.names.glueSecurityConfiguration
  const arn = aws.names.arn('glue', `securityConfiguration/${name}`)
  return [{ arn, id: CONFIGURATION_ID, tags: aws.tags(CONFIGURATION_ID, name) }]
}
