import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Server } from 'node:net'
import { expect } from 'chai'
import { fetchActivationKey } from '../../../src/operate/datasync/activation-key.js'
import { failure, signal } from '../support.js'

const KEY = 'F0EFT-7FPPR-GG7MC-3I9R3-27DOH'

describe('activation key', () => {
  let server: Server
  let address: string
  let answer: (request: IncomingMessage, response: ServerResponse) => void
  let asked: string | undefined

  before((done) => {
    server = createServer((request, response) => {
      asked = request.url
      answer(request, response)
    }).listen(0, '127.0.0.1', () => {
      address = `127.0.0.1:${(server.address() as AddressInfo).port}`
      done()
    })
  })
  after((done) => {
    server.close(done)
  })

  const fetchKey = (options: { privateLinkEndpoint?: string; timeoutMs?: number } = {}) =>
    fetchActivationKey({ address, region: 'eu-north-1', signal, ...options })

  it('is the body of the answer', async () => {
    answer = (_request, response) => response.end(`${KEY}\n`)
    expect(await fetchKey()).to.equal(KEY)
    expect(asked).to.equal('/?gatewayType=SYNC&activationRegion=eu-north-1&no_redirect')
  })

  it('is asked for with the address of a private endpoint', async () => {
    answer = (_request, response) => response.end(KEY)
    await fetchKey({ privateLinkEndpoint: '10.20.0.7' })
    expect(asked).to.equal(
      '/?gatewayType=SYNC&activationRegion=eu-north-1&endpointType=PRIVATE_LINK&privateLinkEndpoint=10.20.0.7&no_redirect',
    )
  })

  it('is found in a redirect, which is not followed', async () => {
    answer = (_request, response) => {
      response
        .writeHead(302, { location: `http://192.0.2.1/datasync/home?activationKey=${KEY}&region=x` })
        .end()
    }
    expect(await fetchKey()).to.equal(KEY)
  })

  it('is missing when the agent does not reach AWS', async () => {
    answer = (_request, response) => {
      response.writeHead(302, { location: '/?errorType=PRIVATE_LINK_ENDPOINT_UNREACHABLE' }).end()
    }
    const error = await failure(fetchKey({ privateLinkEndpoint: '10.20.0.7' }))
    expect(error.code).to.equal('DATASYNC_AGENT_CANNOT_REACH_AWS')
    expect(error.message).to.include('PRIVATE_LINK_ENDPOINT_UNREACHABLE')
    expect(error.suggestions[0]).to.include('10.20.0.7').and.include('1024-1064')
  })

  it('is not taken from another server, whose page is not quoted', async () => {
    answer = (_request, response) => {
      response.writeHead(200).end('<html>Welcome, admin token abcdef</html>')
    }
    const error = await failure(fetchKey())
    expect(error.code).to.equal('DATASYNC_NO_ACTIVATION_KEY')
    expect(error.message).to.include('HTTP 200').and.not.include('abcdef')
  })

  it('is not waited for without end', async () => {
    answer = () => undefined
    const error = await failure(fetchKey({ timeoutMs: 50 }))
    expect(error.code).to.equal('DATASYNC_AGENT_UNREACHABLE')
    expect(error.message).to.include('does not answer')
    expect(error.suggestions.join()).to.include('firewall')
  })

  it('is not to be had from a closed port: the agent may be activated already', async () => {
    const closed = createServer()
    await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve))
    const { port } = closed.address() as AddressInfo
    await new Promise((resolve) => closed.close(resolve))
    const error = await failure(
      fetchActivationKey({ address: `127.0.0.1:${port}`, region: 'eu-north-1', signal }),
    )
    expect(error.code).to.equal('DATASYNC_AGENT_UNREACHABLE')
    expect(error.message).to.include('refuses connections')
    expect(error.suggestions[0]).to.include('activated')
  })

  it('is asked for at an address only', async () => {
    for (const wrong of ['http://10.0.0.1', '10.0.0.1/evil', 'user@host', '']) {
      const error = await failure(fetchActivationKey({ address: wrong, region: 'eu-north-1', signal }))
      expect(error.code, wrong).to.equal('INVALID_AGENT_ADDRESS')
    }
  })

  it('is given up on Ctrl-C', async () => {
    answer = () => undefined
    const stop = new AbortController()
    setTimeout(() => {
      stop.abort()
    }, 20)
    const error = await failure(fetchActivationKey({ address, region: 'eu-north-1', signal: stop.signal }))
    expect(error.code).to.equal('INTERRUPTED')
  })
})
