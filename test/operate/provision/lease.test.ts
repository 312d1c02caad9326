import { GetObjectCommand, ListBucketsCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { expect } from 'chai'
import { LeaseLostError } from '../../../src/engine/lease-errors.js'
import { takeLease } from '../../../src/operate/provision/lease.js'
import { resetMoto } from '../../support/moto.js'
import { failure } from '../support.js'
import { LeaseBucket } from '../unlock/support.js'

describe('the lease of a run', function () {
  this.timeout(120_000)
  let bucket: LeaseBucket
  before(async () => {
    bucket = await LeaseBucket.start()
  })
  beforeEach(() => bucket.reset())
  after(() => bucket.stop())

  it('lets calls through as long as it is held, and what another command does afterwards', async () => {
    const { aws } = bucket
    const s3 = aws.clients.of(S3Client)
    const at = { Bucket: aws.names.bucket('artifacts'), Key: 'written' }
    const read = async () => (await s3.send(new GetObjectCommand(at))).Body?.transformToString()
    const lease = await takeLease(aws, 'up')
    await s3.send(new PutObjectCommand({ ...at, Body: 'held' }))
    expect(await read()).to.equal('held')
    expect(await lease.release()).to.equal(true)
    await s3.send(new PutObjectCommand({ ...at, Body: 'afterwards' }))
    expect(await read()).to.equal('afterwards')
  })

  it('sends nothing that changes anything once it is lost', async () => {
    const { aws } = bucket
    const s3 = aws.clients.of(S3Client)
    const at = { Bucket: aws.names.bucket('artifacts'), Key: 'written' }
    const lease = await takeLease(aws, 'up')
    const { guard } = aws.clients
    aws.clients.guard = undefined
    await s3.send(new PutObjectCommand({ ...at, Body: 'before' }))
    aws.clients.guard = guard
    // As the deadline does, without waiting for it.
    const lost = new LeaseLostError('another run took it over')
    lease.confirm = () => Promise.reject(lost)
    const sent: string[] = []
    aws.clients.onCall = ({ operation }) => sent.push(operation)
    const refused = await failure(s3.send(new PutObjectCommand({ ...at, Body: 'not held' })))
    expect(refused.code).to.equal('LEASE_LOST')
    await s3.send(new ListBucketsCommand({}))
    const { Body: body } = await s3.send(new GetObjectCommand(at))
    expect(await body?.transformToString()).to.equal('before')
    expect(sent).to.deep.equal(['ListBuckets', 'GetObject'])
    aws.clients.onCall = undefined
    await lease.release()
  })

  it('of a run that was killed on this machine is taken over at once, of any other not', async () => {
    await bucket.holdDead()
    const lease = await takeLease(bucket.aws, 'up')
    lease.assertHeld()
    expect((await failure(takeLease(bucket.aws, 'down'))).code).to.equal('LEASE_HELD')
    await lease.release()
    await bucket.holdElsewhere()
    expect((await failure(takeLease(bucket.aws, 'up'))).message).to.contain('ada on buildbox')
  })

  it('cannot be taken when a down has removed the environment at this moment', async () => {
    await resetMoto(bucket.moto.endpoint)
    const { code, exitCode } = await failure(takeLease(bucket.aws, 'up'))
    expect([code, exitCode]).to.deep.equal(['ENVIRONMENT_REMOVED', 4])
  })

  it('is counted among the calls of the run', async () => {
    const before = bucket.aws.clients.apiCalls
    const lease = await takeLease(bucket.aws, 'up')
    await lease.release()
    expect(bucket.aws.clients.apiCalls - before).to.equal(2)
  })
})
