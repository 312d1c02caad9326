import {
  AbortMultipartUploadCommand,
  DeleteObjectsCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { expect } from 'chai'
import { InterruptedError } from '../../../src/errors.js'
import { abortUploads, deleteVersions } from '../../../src/resources/s3/empty.js'
import { testOperation } from '../../support/resource.js'
import { answerVersions, contextIn, s3Error, s3Mock } from './support.js'

describe('emptying a bucket', () => {
  const s3 = s3Mock()
  const target = {
    s3: contextIn({}).clients.of(S3Client),
    at: { Bucket: 'b', ExpectedBucketOwner: '111122223333' },
  }

  beforeEach(() => s3.reset())

  it('deletes versions and delete markers of any number, and says how far it is', async () => {
    const versions = new Set(Array.from({ length: 25_500 }, (_, i) => `key-${String(i).padStart(6, '0')}@v`))
    answerVersions(s3, versions)
    const op = testOperation()
    expect(await deleteVersions(target, op)).to.equal(25_500)
    expect(versions.size).to.equal(0)
    expect(op.said).to.have.length(2)
    expect(op.said[0]).to.match(/^emptying b: 1\d,\d{3} object versions deleted$/)
  })

  it('deletes the versions of one key alone', async () => {
    const versions = new Set(['config@1', 'config@2', 'config.bak@1', 'other@1'])
    answerVersions(s3, versions)
    expect(await deleteVersions(target, testOperation(), { key: 'config' })).to.equal(2)
    expect([...versions]).to.deep.equal(['config.bak@1', 'other@1'])
  })

  it('fails when S3 refuses a deletion, though the call succeeds', async () => {
    answerVersions(s3, new Set(['a@1', 'b@1']))
    s3.on(DeleteObjectsCommand).resolves({
      Errors: [{ Key: 'b', VersionId: '1', Code: 'AccessDenied', Message: 'Access Denied' }],
    })
    const error = await deleteVersions(target, testOperation()).catch((thrown: unknown) => thrown)
    expect(error).to.have.property('code', 'OBJECTS_NOT_DELETED')
    expect(error)
      .to.have.property('message')
      .that.matches(/1 object versions of b, for example b: AccessDenied/)
  })

  it('does not count what S3 could not delete for a moment', async () => {
    answerVersions(s3, new Set(['a@1', 'b@1']))
    s3.on(DeleteObjectsCommand).resolves({ Errors: [{ Key: 'b', VersionId: '1', Code: 'InternalError' }] })
    expect(await deleteVersions(target, testOperation())).to.equal(1)
  })

  it('stops between two pages when it is interrupted', async () => {
    const controller = new AbortController()
    s3.on(ListObjectVersionsCommand).callsFake(() => {
      controller.abort()
      return { IsTruncated: true, NextKeyMarker: 'a', NextVersionIdMarker: '1' }
    })
    const error = await deleteVersions(target, testOperation(controller.signal)).catch(
      (thrown: unknown) => thrown,
    )
    expect(error).to.be.instanceOf(InterruptedError)
  })

  it('aborts every upload that was cut off, also one that ends meanwhile', async () => {
    s3.on(ListMultipartUploadsCommand, { KeyMarker: undefined }).resolves({
      Uploads: [{ Key: 'a', UploadId: '1' }],
      IsTruncated: true,
      NextKeyMarker: 'a',
      NextUploadIdMarker: '1',
    })
    s3.on(ListMultipartUploadsCommand, { KeyMarker: 'a', UploadIdMarker: '1' }).resolves({
      Uploads: [{ Key: 'b', UploadId: '2' }],
    })
    s3.on(AbortMultipartUploadCommand, { Key: 'a' }).rejects(s3Error('NoSuchUpload', 404))
    s3.on(AbortMultipartUploadCommand, { Key: 'b' }).resolves({})
    await abortUploads(target, testOperation())
    const aborted = s3.commandCalls(AbortMultipartUploadCommand).map((call) => call.args[0].input.UploadId)
    expect(aborted).to.deep.equal(['1', '2'])
  })
})
