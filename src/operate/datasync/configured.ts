import type { AwsContext } from '../../aws/context.js'
import type { Datasync } from '../../config/datasync.js'
import type { Environment } from '../../config/schema.js'
import { UsageError } from '../../errors.js'
import { ingestion, type Ingestion } from '../../pipeline/ingestion.js'
import { security } from '../../pipeline/security.js'
import { storage } from '../../pipeline/storage.js'

/** @throws UsageError DATASYNC_NOT_CONFIGURED */
export function requireDatasync(environment: Environment): Datasync {
  if (environment.datasync !== undefined) return environment.datasync
  throw new UsageError(
    'DATASYNC_NOT_CONFIGURED',
    `Environment ${environment.name} copies from no file server: datapipe.yaml has no \`datasync\`.`,
    {
      suggestions: [
        'Add for example: datasync: { location: { type: nfs, host: files.example.com, path: /export/measurements } }',
        'Without a file server, send files with `datapipe upload`.',
      ],
    },
  )
}

/** The resources that copy, wired up but not looked at. @throws UsageError DATASYNC_NOT_CONFIGURED */
export function configuredIngestion(aws: AwsContext, environment: Environment): Ingestion {
  requireDatasync(environment)
  const securityPart = security(aws, environment)
  const parts = { security: securityPart, storage: storage(aws, environment, securityPart) }
  const part = ingestion(aws, environment, parts)
  if (part === undefined) throw new Error('datasync is configured but has no resources')
  return part
}
