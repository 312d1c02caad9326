import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { expect } from 'chai'
import { ExecutionStore, type ExecutionRecord } from '../../src/local/execution-store.js'
import { identityOf } from '../../src/local/process-identity.js'
import { startMoto, type Moto } from '../support/moto.js'
import { startRealisticAws, type RealisticAws } from '../support/realism/double.js'
import { Deployment } from './deployment.js'

describe('ExecutionStore', function () {
  this.timeout(120_000)
  let moto: Moto
  let aws: RealisticAws
  let cutNextPut = false
  let record: ExecutionRecord
  let store: ExecutionStore

  before(async () => {
    moto = await startMoto()
    aws = await startRealisticAws(moto.endpoint, [], {
      strike({ action }) {
        if (!cutNextPut || action !== 'PutObject') return {}
        cutNextPut = false
        return { cut: 'after' }
      },
    })
    const context = new Deployment(aws.endpoint).aws
    store = new ExecutionStore(context, 'worker')
    const CreateBucketConfiguration = { LocationConstraint: 'eu-north-1' } as const
    const Bucket = context.names.bucket('artifacts')
    await context.clients.of(S3Client).send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration }))
    record = {
      schemaVersion: 1,
      name: '',
      arn: 'arn',
      status: 'RUNNING',
      input: {},
      startedAt: new Date().toISOString(),
      owner: await identityOf(process.pid),
      states: [],
    }
  })
  after(async () => {
    await aws.stop()
    await moto.stop()
  })

  it('gives a name once', async () => {
    expect(await store.create({ ...record, name: 'once' })).to.equal(true)
    expect(await store.create({ ...record, name: 'once' })).to.equal(false)
  })

  it('knows its own record again when the answer to its write was lost', async () => {
    cutNextPut = true
    expect(await store.create({ ...record, name: 'lost' })).to.equal(true)
    expect(cutNextPut).to.equal(false)
    expect(await store.create({ ...record, name: 'lost' }), 'the next').to.equal(false)
  })
})
