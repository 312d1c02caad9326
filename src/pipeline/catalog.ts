import type { AwsContext } from '../aws/context.js'
import type { Environment } from '../config/schema.js'
import { AthenaNamedQuery } from '../resources/athena/named-query.js'
import { AthenaWorkgroup } from '../resources/athena/workgroup.js'
import { GlueDatabase } from '../resources/glue/database.js'
import type { AwsResource } from '../resources/resource.js'
import type { Security } from './security.js'
import type { Storage } from './storage.js'

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
  const namedQueries = Object.entries(environment.catalog.namedQueries ?? {}).map(
    ([name, sql]) =>
      new AthenaNamedQuery(
        aws,
        `catalog/query/${name}`,
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
  return { database, workgroup, namedQueries, resources: [database, workgroup, ...namedQueries] }
}
