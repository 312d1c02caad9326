import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Proxy {
  endpoint: string
  stop(): Promise<void>
}

/**
 * Stands between the CLI and the emulator, on loopback. `intercept` may answer a request itself, for what the emulator does
 * not do by itself; what it returns false for is passed on.
 */
export async function startProxy(
  target: string,
  intercept: (incoming: IncomingMessage, response: ServerResponse) => boolean,
): Promise<Proxy> {
  const { hostname, port } = new URL(target)
  const server = createServer((incoming, response) => {
    if (intercept(incoming, response)) return
    const onward = request(
      { hostname, port, method: incoming.method, path: incoming.url, headers: incoming.headers },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(response)
      },
    )
    onward.on('error', () => response.destroy())
    incoming.pipe(onward)
  })
  return listen(server)
}

/** Puts a server on a free port of loopback. */
export async function listen(server: Server): Promise<Proxy> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => {
          resolve()
        })
      }),
  }
}
