import { createServer, type Server } from 'node:http'
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { expect } from 'chai'
import { clientSettings } from '../../../src/transform/container/client-settings.js'
import { listen, type Proxy } from '../../support/proxy.js'

describe('the clients of a task', () => {
  let server: Server
  let proxy: Proxy
  let asked = 0
  before(async () => {
    // The first answer never comes.
    server = createServer((_request, response) => {
      asked += 1
      if (asked > 1) response.end('rows')
    })
    proxy = await listen(server)
  })
  after(() => proxy.stop())

  it('ask again when an answer does not come', async () => {
    const s3 = new S3Client({
      ...clientSettings(200),
      endpoint: proxy.endpoint,
      region: 'eu-north-1',
      forcePathStyle: true,
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    })
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'raw', Key: 'a.csv' }))
    expect(await Body?.transformToString()).to.equal('rows')
    expect(asked).to.equal(2)
    s3.destroy()
  })
})
