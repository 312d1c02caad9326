import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { HeadBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { expect } from 'chai'
import { AwsClients } from '../../src/aws/clients.js'
import { StoppableCall } from '../../src/aws/stopping.js'
import { listen, type Proxy } from '../support/proxy.js'

type Answer = (response: ServerResponse, attempt: number) => void

const throttle = (response: ServerResponse) => {
  response.writeHead(503, { 'x-amzn-errortype': 'SlowDown' }).end()
}
const succeed = (response: ServerResponse) => {
  response.writeHead(200).end()
}
/** The code of an error, or that there was none. */
const outcome = (call: Promise<unknown>) =>
  call.then(
    () => 'done',
    (error: unknown) => (error as { code?: string }).code ?? String(error),
  )

describe('calls to AWS when the command is asked to stop', () => {
  let server: Server
  let aws: Proxy
  let stop: AbortController
  let clients: AwsClients
  let attempts = 0
  let answer: Answer = succeed
  let onAttempt: () => void = () => undefined

  beforeEach(async () => {
    attempts = 0
    server = createServer((_incoming: IncomingMessage, response) => {
      attempts++
      answer(response, attempts)
      onAttempt()
    })
    aws = await listen(server)
    stop = new AbortController()
    clients = new AwsClients({
      region: 'eu-north-1',
      endpoint: aws.endpoint,
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      stop: stop.signal,
    })
  })
  afterEach(async () => {
    onAttempt = () => undefined
    clients.destroy()
    await aws.stop()
  })

  const call = () => outcome(clients.of(S3Client).send(new HeadBucketCommand({ Bucket: 'bucket' })))
  /** When the n-th attempt has been answered. */
  const attempted = (n: number) =>
    new Promise<void>((resolve) => {
      onAttempt = () => {
        if (attempts === n) resolve()
      }
    })

  it('end while they wait before another attempt, which then never comes', async () => {
    answer = (response) => {
      // The SDK then waits at least five seconds.
      response.writeHead(503, { 'x-amzn-errortype': 'SlowDown', 'retry-after': '60' }).end()
    }
    const first = attempted(1)
    const ended = call()
    await first
    await new Promise((resolve) => setTimeout(resolve, 100))
    stop.abort()
    expect(await ended).to.equal('INTERRUPTED')
    expect(attempts).to.equal(1)
  })

  it('are let finish while one is under way', async () => {
    let held: ServerResponse | undefined
    answer = (response) => {
      held = response
    }
    const first = attempted(1)
    const ended = call()
    await first
    stop.abort()
    succeed(held!)
    expect(await ended).to.equal('done')
  })

  it('are not repeated when the one under way fails', async () => {
    let held: ServerResponse | undefined
    answer = (response) => {
      held = response
    }
    const first = attempted(1)
    const ended = call()
    await first
    stop.abort()
    throttle(held!)
    expect(await ended).to.equal('INTERRUPTED')
    expect(attempts).to.equal(1)
  })

  it('are repeated when they began after it, to clean up', async () => {
    stop.abort()
    answer = (response, attempt) => {
      if (attempt < 3) throttle(response)
      else succeed(response)
    }
    expect(await call()).to.equal('done')
    expect(attempts).to.equal(3)
  })

  it('do not wait for an answer that never comes', async () => {
    const never = () => new Promise<never>(() => undefined)
    const before = new StoppableCall(stop.signal, 1)
    const underWay = outcome(before.run(() => before.attempt(never)))
    stop.abort()
    expect(await underWay).to.equal('INTERRUPTED')
    const after = new StoppableCall(stop.signal, 1)
    expect(await outcome(after.run(() => after.attempt(never)))).to.equal('INTERRUPTED')
    let sent = false
    const late = after.attempt(() => {
      sent = true
      return Promise.resolve()
    })
    expect(await outcome(late)).to.equal('INTERRUPTED')
    expect(sent).to.equal(false)
  })
})
