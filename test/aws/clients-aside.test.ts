import { createServer, type ServerResponse } from 'node:http'
import { HeadBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { expect } from 'chai'
import { AwsClients } from '../../src/aws/clients.js'
import { listen, type Proxy } from '../support/proxy.js'

describe('AwsClients, beside the others', () => {
  let server: Proxy
  let hang: (response: ServerResponse) => void
  let hung: Promise<ServerResponse>
  let asked: string[]
  let clients: AwsClients

  beforeEach(async () => {
    hung = new Promise((resolve) => (hang = resolve))
    asked = []
    server = await listen(
      createServer((request, response) => {
        asked.push(request.url ?? '')
        if (request.url?.startsWith('/slow') === true) hang(response)
        else response.end()
      }),
    )
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
    clients = new AwsClients({ region: 'us-east-1', endpoint: server.endpoint, credentials, concurrency: 1 })
  })
  afterEach(async () => {
    clients.destroy()
    await server.stop()
  })

  const head = (from: AwsClients, Bucket: string) => from.of(S3Client).send(new HeadBucketCommand({ Bucket }))

  it('do not wait for a place, nor for the guard, and are counted all the same', async () => {
    const told: string[] = []
    clients.onCall = ({ operation }) => told.push(operation)
    const slow = head(clients, 'slow-bucket')
    const queued = head(clients, 'queued-bucket')
    const answer = await hung
    clients.guard = () => Promise.reject(new Error('guarded'))
    await head(clients.aside(), 'renewed-bucket')
    expect(asked.some((path) => path.startsWith('/queued'))).to.equal(false)
    answer.end()
    await slow
    expect(await queued.catch((error: Error) => error.message)).to.equal('guarded')
    expect(asked.map((path) => path.split('-')[0]).toSorted()).to.deep.equal(['/renewed', '/slow'])
    expect([clients.apiCalls, told.length]).to.deep.equal([2, 2])
  })
})
