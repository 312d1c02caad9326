import { SOURCE_PREFIX } from '../resources/codebuild/upload.js'
import type { LifecycleRule } from '../resources/s3/bucket.js'
import { REPORT_PREFIX } from './policies/datasync.js'
import { SPARK_TEMP_PREFIX } from './policies/glue.js'
import { MAP_RESULTS_PREFIX } from './state-machines/backfill.js'

/** An upload that was cut off is billed until it is aborted: no bucket is without this rule. */
const abortUploads: LifecycleRule = { id: 'abort-uploads', prefix: '', abortIncompleteUploadDays: 7 }

/** Files as they came: cold after a month, replaced versions gone after a month (spec §5.4). */
export const rawLifecycle: LifecycleRule[] = [
  abortUploads,
  { id: 'expire-old-versions', prefix: '', noncurrentExpirationDays: 30 },
  {
    id: 'cool-inbox',
    prefix: 'inbox/',
    transitions: [
      { days: 30, storageClass: 'STANDARD_IA' },
      { days: 90, storageClass: 'GLACIER_IR' },
    ],
  },
]

export const transformedLifecycle: LifecycleRule[] = [
  abortUploads,
  { id: 'expire-old-versions', prefix: '', noncurrentExpirationDays: 7 },
]

export const artifactsLifecycle: LifecycleRule[] = [
  abortUploads,
  { id: 'expire-old-versions', prefix: '', noncurrentExpirationDays: 30 },
  { id: 'expire-query-results', prefix: 'athena/', expirationDays: 30 },
  { id: 'expire-map-runs', prefix: `${MAP_RESULTS_PREFIX}/`, expirationDays: 30 },
  // What an image was built from. The images themselves stay in ECR, where a roll-back finds them; a build that is wanted
  // again uploads its source again.
  { id: 'expire-image-sources', prefix: SOURCE_PREFIX, expirationDays: 90 },
  { id: 'expire-spark-temp', prefix: SPARK_TEMP_PREFIX, expirationDays: 7 },
  { id: 'expire-datasync-reports', prefix: `${REPORT_PREFIX}/`, expirationDays: 90 },
]

export const logsLifecycle: LifecycleRule[] = [
  abortUploads,
  { id: 'expire-old-versions', prefix: '', noncurrentExpirationDays: 7 },
  { id: 'expire', prefix: '', expirationDays: 400 },
]
