import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { createServer } from 'node:http'
import { expect } from 'chai'
import { LEASE_PREFIX, S3LeaseStore } from '../../src/aws/s3-lease-store.js'
import { dataBucketPolicy } from '../../src/pipeline/policies/buckets.js'
import { testContext } from '../support/resource.js'
import { listen } from '../support/proxy.js'
import { suiteMock } from '../support/suite-mock.js'
import { emulatedContext } from '../operate/support.js'

describe('S3LeaseStore', () => {
  const aws = testContext()
  const s3 = suiteMock(S3Client)
  const store = new S3LeaseStore(aws)
  const at = {
    Bucket: 'dp-sensors-dev-artifacts-111122223333-us-east-1-an',
    Key: 'locks/dev.json',
    ExpectedBucketOwner: '111122223333',
  }
  const failure = (name: string) => Object.assign(new Error(name), { name })
  const thrownBy = (call: Promise<unknown>) => call.catch((error: unknown) => error)

  beforeEach(() => s3.reset())

  it('reads body, etag, and when it was written', async () => {
    const writtenAt = Date.parse('2026-03-01T12:00:00Z')
    s3.on(GetObjectCommand, at).resolves({
      ETag: '"1"',
      LastModified: new Date(writtenAt),
      Body: { transformToString: () => Promise.resolve('{"id":1}') } as never,
    })
    expect(await store.read()).to.deep.include({ body: '{"id":1}', etag: '"1"', writtenAt })
  })

  it('reads nothing when there is no lease, or no bucket', async () => {
    s3.on(GetObjectCommand).rejectsOnce(failure('NoSuchKey')).rejects(failure('NoSuchBucket'))
    expect(await store.read()).to.equal(undefined)
    expect(await store.read()).to.equal(undefined)
  })

  it('creates only where nothing is', async () => {
    s3.on(PutObjectCommand).resolves({ ETag: '"1"' })
    expect(await store.create('body')).to.equal('"1"')
    const { input } = s3.commandCalls(PutObjectCommand)[0]!.args[0]
    expect(input).to.deep.include({ ...at, Body: 'body', IfNoneMatch: '*' })
    expect(input).to.not.have.property('IfMatch')
  })

  it('replaces only what it knows', async () => {
    s3.on(PutObjectCommand).resolves({ ETag: '"2"' })
    expect(await store.replace('body', '"1"')).to.equal('"2"')
    const { input } = s3.commandCalls(PutObjectCommand)[0]!.args[0]
    expect(input).to.deep.include({ ...at, Body: 'body', IfMatch: '"1"' })
    expect(input).to.not.have.property('IfNoneMatch')
  })

  it('removes only what it knows', async () => {
    s3.on(DeleteObjectCommand, { ...at, IfMatch: '"1"' }).resolves({})
    expect(await store.remove('"1"')).to.equal(true)
  })

  for (const name of ['PreconditionFailed', 'ConditionalRequestConflict', 'NoSuchKey']) {
    it(`answers ${name} as a condition that did not hold`, async () => {
      s3.on(PutObjectCommand).rejects(failure(name))
      s3.on(DeleteObjectCommand).rejects(failure(name))
      expect(await store.create('body')).to.equal(undefined)
      expect(await store.replace('body', '"1"')).to.equal(undefined)
      expect(await store.remove('"1"')).to.equal(false)
    })
  }

  it('has nothing to remove without a bucket, and cannot write without one', async () => {
    s3.onAnyCommand().rejects(failure('NoSuchBucket'))
    expect(await store.remove('"1"')).to.equal(false)
    expect(await thrownBy(store.create('body'))).to.have.property('name', 'NoSuchBucket')
  })

  it('passes other errors on', async () => {
    s3.onAnyCommand().rejects(failure('AccessDenied'))
    for (const call of [store.read(), store.create('b'), store.replace('b', '"1"'), store.remove('"1"')]) {
      expect(await thrownBy(call)).to.have.property('name', 'AccessDenied')
    }
  })

  it('writes without the environment’s key, which the bucket’s policy must not deny', async () => {
    s3.on(PutObjectCommand).resolves({ ETag: '"1"' })
    await store.create('body')
    expect(s3.commandCalls(PutObjectCommand)[0]!.args[0].input.ServerSideEncryption).to.equal('AES256')

    const lease = `${aws.names.bucketArn('artifacts')}/${LEASE_PREFIX}dev.json`
    const guards = dataBucketPolicy(aws.names, 'artifacts').Statement.filter(
      (statement) =>
        statement.Effect === 'Deny' &&
        statement.Condition?.Null?.['s3:x-amz-server-side-encryption'] === 'false',
    )
    const covers = (patterns: string | string[]) =>
      [patterns].flat().some((pattern) => matches(pattern, lease))
    const denying = guards.filter(({ NotResource: except, Resource: only }) =>
      except === undefined ? covers(only ?? '*') : !covers(except),
    )
    expect(denying.map((statement) => statement.Sid)).to.deep.equal([])
  })
})

describe('S3LeaseStore, on a server with a clock of its own', () => {
  it('has both times from the server', async () => {
    const server = await listen(
      createServer((_request, response) => {
        response.setHeader('ETag', '"1"')
        response.setHeader('Last-Modified', 'Sun, 01 Mar 2026 12:00:00 GMT')
        response.setHeader('Date', 'Sun, 01 Mar 2026 12:00:30 GMT')
        response.end('{"id":1}')
      }),
    )
    const aws = emulatedContext(server.endpoint)
    try {
      expect(await new S3LeaseStore(aws).read()).to.deep.equal({
        body: '{"id":1}',
        etag: '"1"',
        writtenAt: Date.parse('2026-03-01T12:00:00Z'),
        readAt: Date.parse('2026-03-01T12:00:30Z'),
      })
    } finally {
      aws.clients.destroy()
      await server.stop()
    }
  })
})

/** Whether an IAM pattern, with `*` for anything, covers an ARN. */
function matches(pattern: string, arn: string): boolean {
  const literal = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  return new RegExp(`^${pattern.split('*').map(literal).join('.*')}$`).test(arn)
}
