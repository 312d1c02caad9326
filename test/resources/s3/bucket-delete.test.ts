import {
  DeleteBucketCommand,
  HeadBucketCommand,
  PutBucketNotificationConfigurationCommand,
} from '@aws-sdk/client-s3'
import { expect } from 'chai'
import { testOperation } from '../../support/resource.js'
import { answerVersions, contextIn, rawBucket, s3Error, s3Mock } from './support.js'

describe('Bucket: delete', () => {
  const s3 = s3Mock()
  const aws = contextIn({})
  const bucket = rawBucket(aws)
  const op = testOperation()

  beforeEach(() => s3.reset())

  /** The names of the calls that write, in order. */
  function writes(): string[] {
    return s3
      .calls()
      .map((call) => call.args[0].constructor.name.replace(/Command$/, ''))
      .filter((name) => /^(Create|Put|Delete)/.test(name))
  }

  describe('delete', () => {
    const observed = {
      physicalId: bucket.name,
      attributes: bucket.attributes,
      owned: true,
      properties: {},
      tags: bucket.tags,
    }

    it('stops logs and events, empties it, deletes it', async () => {
      const versions = new Set(['a@1', 'a@2', 'b@1'])
      answerVersions(s3, versions)
      s3.on(DeleteBucketCommand).callsFake(() => {
        if (versions.size > 0) throw s3Error('BucketNotEmpty', 409)
        return {}
      })
      s3.on(HeadBucketCommand).rejects(s3Error('NotFound', 404))
      expect(await bucket.delete(observed, op)).to.deep.equal({ status: 'deleted' })
      expect(writes()).to.deep.equal([
        'PutBucketNotificationConfiguration',
        'PutBucketLogging',
        'DeleteObjects',
        'DeleteBucket',
      ])
    })

    it('looks again when something arrived meanwhile', async () => {
      const versions = new Set(['a@1'])
      answerVersions(s3, versions)
      let late = 2
      s3.on(DeleteBucketCommand).callsFake(() => {
        if (late-- > 0) versions.add(`access/late-${late}@1`)
        if (versions.size > 0) throw s3Error('BucketNotEmpty', 409)
        return {}
      })
      s3.on(HeadBucketCommand).rejects(s3Error('NotFound', 404))
      expect(await bucket.delete(observed, op)).to.deep.equal({ status: 'deleted' })
      expect(versions.size).to.equal(0)
    })

    it('is blocked, not endless, when something arrives all the time', async () => {
      answerVersions(s3, new Set())
      s3.on(DeleteBucketCommand).rejects(s3Error('BucketNotEmpty', 409))
      const deletion = await bucket.delete(observed, op)
      expect(deletion).to.have.property('status', 'blocked')
      expect(deletion).to.have.nested.property('by[0]').that.includes(bucket.name)
    })

    it('is absent when it is gone already', async () => {
      s3.on(PutBucketNotificationConfigurationCommand).rejects(s3Error('NoSuchBucket', 404))
      expect(await bucket.delete(observed, op)).to.deep.equal({ status: 'absent' })
    })
  })
})
