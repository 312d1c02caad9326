import type { AwsContext } from '../aws/context.js'
import { unlessMissing } from '../aws/retry.js'
import type { Environment } from '../config/schema.js'
import { AthenaNamedQuery, namedQueries } from '../resources/athena/named-query.js'
import { AthenaWorkgroup } from '../resources/athena/workgroup.js'
import { GlueDatabase } from '../resources/glue/database.js'
import type { AwsResource } from '../resources/resource.js'
import type { InventoryItem } from './inventory.js'
import type { Security } from './security.js'
import type { Storage } from './storage.js'

const QUERY_ID = 'catalog/query/'

/** What makes the files queryable. */
export interface Catalog {
  database: GlueDatabase
  workgroup: AthenaWorkgroup
  namedQueries: AthenaNamedQuery[]
  resources: AwsResource[]
}

export function catalog(
  aws: AwsContext,
  environment: Environment,
  { key }: Security,
  { artifacts, transformed }: Storage,
): Catalog {
  const { names } = aws
  const database = new GlueDatabase(
    aws,
    'catalog/database',
    names.database,
    {
      description: `datapipe ${environment.project}/${environment.name}`,
      locationUri: () => `s3://${transformed.attributes.bucket}/`,
    },
    // The tables are the contract that later files are read by: they stay as long as the data does.
    { dependsOn: [transformed], retain: true },
  )
  const workgroup = new AthenaWorkgroup(
    aws,
    'catalog/workgroup',
    names.workgroup,
    {
      outputLocation: () => `s3://${artifacts.attributes.bucket}/athena/`,
      keyArn: () => key.attributes.arn,
      maxScanBytes: environment.query.maxScanBytes,
    },
    { dependsOn: [key, artifacts] },
  )
  const queries = Object.entries(environment.catalog.namedQueries ?? {}).map(
    ([name, sql]) =>
      new AthenaNamedQuery(
        aws,
        `${QUERY_ID}${name}`,
        names.namedQuery(name),
        {
          description: `datapipe ${environment.project}/${environment.name}: ${name}`,
          workgroup: names.workgroup,
          database: names.database,
          sql,
        },
        { dependsOn: [workgroup, database] },
      ),
  )
  return { database, workgroup, namedQueries: queries, resources: [database, workgroup, ...queries] }
}

/**
 * The named queries of the environment, configured or not. Athena has no tags for them: in the environment's own workgroup, a
 * name that begins with its stem is ours.
 */
export async function namedQueriesOf(aws: AwsContext): Promise<InventoryItem[]> {
  const { names } = aws
  const prefix = names.namedQuery('')
  // Who may not look any more cannot remove them either.
  const found = await unlessMissing(namedQueries(aws, names.workgroup), 'AccessDeniedException')
  return (found ?? []).flatMap(({ Name: name, NamedQueryId: queryId }) => {
    if (queryId === undefined || name?.startsWith(prefix) !== true) return []
    const id = `${QUERY_ID}${name.slice(prefix.length)}`
    return [{ arn: names.arn('athena', `namedquery/${queryId}`), id, tags: aws.tags(id, name) }]
  })
}
