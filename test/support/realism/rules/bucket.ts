import { ListMultipartUploadsCommand, ListObjectVersionsCommand, S3Client } from '@aws-sdk/client-s3'
import { unlessMissing } from '../../../../src/aws/retry.js'
import { text } from '../request.js'
import { refuseIf, type Rule } from '../rule.js'

/** A bucket goes when it holds no version, no delete marker and no upload that was cut off (spec §5.3). */
export function bucketNotEmpty(): Rule {
  return {
    name: 'bucket not empty',
    service: 's3',
    actions: ['DeleteBucket'],
    async before(request, emulator) {
      const Bucket = text(request, 'Bucket')
      const s3 = emulator.client(S3Client, request.region)
      const objects = await unlessMissing(s3.send(new ListObjectVersionsCommand({ Bucket })), 'NoSuchBucket')
      // The emulator says so itself.
      if (objects === undefined) return undefined
      const { DeleteMarkers: markers = [], Versions: versions = [] } = objects
      const { Uploads: uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket }))
      const what = versions.length + markers.length > 0 ? ' You must delete all versions in the bucket.' : ''
      return refuseIf(
        [...versions, ...markers, ...uploads],
        'BucketNotEmpty',
        `The bucket you tried to delete is not empty.${what}`,
        409,
      )
    },
  }
}
