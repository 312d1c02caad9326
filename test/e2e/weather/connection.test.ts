import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { expect } from 'chai'
import { translateAwsError } from '../../../src/aws/errors.js'
import type { FaultKind } from '../../support/weather/kinds.js'
import { clientOptions, startCounting, type Executed } from './stub.js'

const BODY = Buffer.alloc(50_000, 'x')

describe('weather that cuts connections', function () {
  this.timeout(20_000)
  let aws: Executed
  afterEach(() => aws.stop())

  const put = async (kind: FaultKind) => {
    aws = await startCounting('', { seed: 1, rate: 1, kinds: [kind] })
    const s3 = new S3Client(clientOptions(aws.endpoint, 2))
    return s3.send(new PutObjectCommand({ Bucket: 'b', Key: 'k', Body: 'x' })).then(
      () => undefined,
      (error: unknown) => error as NodeJS.ErrnoException,
    )
  }

  it('cuts them before the call is executed: tried again, never executed', async () => {
    const error = await put('cut-before')
    expect(error?.code).to.equal('ECONNRESET')
    expect(translateAwsError(error)?.code).to.equal('ENDPOINT_UNREACHABLE')
    expect([aws.log.calls.length, aws.executed()]).to.deep.equal([2, 0])
  })

  it('cuts them when the call was executed: tried again, executed twice', async () => {
    const error = await put('cut-after')
    expect(error?.code).to.equal('ECONNRESET')
    expect([aws.log.calls.length, aws.executed()]).to.deep.equal([2, 2])
  })

  it('cuts them in the middle of an answer: what has arrived is not all', async () => {
    aws = await startCounting(BODY, { seed: 1, rate: 1, kinds: ['cut-during'] })
    const s3 = new S3Client(clientOptions(aws.endpoint, 2))
    const { Body: body } = await s3.send(new GetObjectCommand({ Bucket: 'b', Key: 'k' }))
    let arrived = 0
    let broken: unknown
    try {
      for await (const chunk of body as AsyncIterable<Buffer>) arrived += chunk.length
    } catch (error) {
      broken = error
    }
    expect(broken).to.be.instanceOf(Error)
    expect(arrived).to.be.greaterThan(0).and.lessThan(BODY.length)
  })

  it('lets slow calls take their time', async () => {
    aws = await startCounting('', { seed: 1, rate: 1, kinds: ['slow'], slowMs: 300 })
    const start = performance.now()
    await new S3Client(clientOptions(aws.endpoint)).send(new PutObjectCommand({ Bucket: 'b', Key: 'k' }))
    expect(performance.now() - start).to.be.at.least(290)
    expect(aws.weather.injected.map(({ kind }) => kind)).to.deep.equal(['slow'])
  })
})
