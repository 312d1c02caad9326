import { createServer } from 'node:http'
import { CreateVpcCommand, EC2Client, type Vpc } from '@aws-sdk/client-ec2'
import { expect } from 'chai'
import { createOnce, once } from '../../src/aws/create-once.js'
import { InterruptedError } from '../../src/errors.js'
import { listen, type Proxy } from '../support/proxy.js'
import { testOperation } from '../support/resource.js'

type Fate = 'lost before' | 'lost after' | 'failed before' | 'failed after' | 'throttled' | 'answered'

const xml = (content: string) => `<?xml version="1.0" encoding="UTF-8"?>${content}`
const failure = (code: string) =>
  xml(`<Response><Errors><Error><Code>${code}</Code><Message>no</Message></Error></Errors></Response>`)

describe('createOnce', () => {
  let service: Proxy
  let ec2: EC2Client
  let fates: Fate[]
  let made: string[]
  let sent: number

  before(async () => {
    service = await listen(
      createServer((incoming, response) => {
        incoming.resume().on('end', () => {
          sent++
          const fate = fates.shift() ?? 'answered'
          const executed = fate === 'answered' || fate.endsWith('after')
          if (executed) made.push(`vpc-${made.length + 1}`)
          if (fate.startsWith('lost')) {
            response.destroy()
          } else if (fate === 'answered') {
            response.end(
              xml(`<CreateVpcResponse><vpc><vpcId>${made.at(-1)}</vpcId></vpc></CreateVpcResponse>`),
            )
          } else {
            response.writeHead(503, { 'content-type': 'text/xml' })
            response.end(failure(fate === 'throttled' ? 'RequestLimitExceeded' : 'Unavailable'))
          }
        })
      }),
    )
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
    ec2 = new EC2Client({ region: 'eu-north-1', endpoint: service.endpoint, credentials })
  })
  after(() => service.stop())
  beforeEach(() => {
    made = []
    sent = 0
  })

  let found: () => Vpc | undefined
  const create = (met: Fate[], signal?: AbortSignal) => {
    fates = met
    found = () => (made[0] === undefined ? undefined : { VpcId: made[0] })
    return createOnce<Vpc>(
      async () => (await ec2.send(once(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16' })))).Vpc ?? {},
      async () => found(),
      testOperation(signal),
      [1, 1],
    )
  }

  it('uses what a call has made whose answer was lost, instead of making another', async () => {
    expect(await create(['lost after'])).to.deep.equal({ VpcId: 'vpc-1' })
    expect([made, sent]).to.deep.equal([['vpc-1'], 1])
  })

  it('does so too when the service failed after it had made it', async () => {
    expect(await create(['failed after'])).to.deep.equal({ VpcId: 'vpc-1' })
    expect(made).to.deep.equal(['vpc-1'])
  })

  it('makes it when nothing was made, however often the connection is lost before', async () => {
    const vpc = await create(['lost before', 'failed before', 'lost before'])
    expect(vpc.VpcId).to.equal('vpc-1')
    expect([made, sent]).to.deep.equal([['vpc-1'], 4])
  })

  it('leaves throttling to the SDK: then nothing was made', async () => {
    expect((await create(['throttled'])).VpcId).to.equal('vpc-1')
    expect([made, sent]).to.deep.equal([['vpc-1'], 2])
  }).timeout(10_000)

  it('gives up with the error of AWS when it keeps failing', async () => {
    const failing = create(Array<Fate>(20).fill('failed before'))
    expect(await failing.catch((error: unknown) => (error as Error).name)).to.equal('Unavailable')
    expect([made, sent]).to.deep.equal([[], 5])
  })

  it('stops looking when it is interrupted', async () => {
    const error: unknown = await create(['lost before'], AbortSignal.abort()).catch(
      (thrown: unknown) => thrown,
    )
    expect(error).to.be.instanceOf(InterruptedError)
  })
})
