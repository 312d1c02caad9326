import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { finished, type CliResult } from '../support/cli.js'
import { Canaries, plantLogins, plantVariables } from './canaries.js'

const RUN = fileURLToPath(new URL('../../bin/run.js', import.meta.url))

export type Answer = (request: IncomingMessage, body: string, response: ServerResponse) => void

const echoed = (request: IncomingMessage, body: string) =>
  `${request.method} ${request.url} ${JSON.stringify(request.headers)} ${body}`
const escapeXml = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

/** How something that is not quite AWS answers, repeating whatever it was sent. */
export const ANSWERS = {
  'an error that repeats the request': (request, body, response) => {
    const message = escapeXml(echoed(request, body))
    const isJson = request.headers['content-type']?.includes('json') === true
    response
      .writeHead(403, { 'content-type': isJson ? 'application/json' : 'text/xml' })
      .end(
        isJson
          ? JSON.stringify({ __type: 'SomeNewException', message: echoed(request, body) })
          : `<ErrorResponse><Error><Type>Sender</Type><Code>SomeNewException</Code><Message>${message}</Message></Error></ErrorResponse>`,
      )
  },
  'something else than AWS': (request, body, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end(`<html>${echoed(request, body)}`)
  },
  'a wrong signature': (request, body, response) => {
    response
      .writeHead(403, { 'content-type': 'text/xml' })
      .end(
        `<ErrorResponse><Error><Type>Sender</Type><Code>SignatureDoesNotMatch</Code><Message>The Canonical String for this request should have been '${escapeXml(echoed(request, body))}'</Message></Error></ErrorResponse>`,
      )
  },
  'a closed connection': (request) => request.socket.destroy(),
} satisfies Record<string, Answer>

/** A user with secrets everywhere, who runs the built CLI against something that repeats what it hears. */
export class SecretiveUser {
  answer: Answer = ANSWERS['an error that repeats the request']
  /** All that was sent so far. */
  received = ''

  private constructor(
    readonly canaries: Canaries,
    readonly folder: string,
    private readonly env: NodeJS.ProcessEnv,
    private readonly server: Server,
  ) {
    server.on('request', (request, response) => {
      let body = ''
      request.on('data', (chunk: Buffer) => (body += chunk.toString()))
      request.on('end', () => {
        this.received += echoed(request, body)
        this.answer(request, body, response)
      })
    })
  }

  static async create(seed: string): Promise<SecretiveUser> {
    const canaries = new Canaries(seed)
    const folder = await mkdtemp(join(tmpdir(), 'datapipe-canaries-'))
    const logins = await plantLogins(folder, canaries)
    for (const name of ['work', 'tmp']) await mkdir(join(folder, name))
    await writeFile(join(folder, 'work', 'datapipe.yaml'), 'project: canary\n')
    await writeFile(join(folder, 'work', 'a.csv'), 'a,b\n1,2\n')
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const env = {
      ...logins,
      PATH: process.env.PATH,
      LANG: 'C.UTF-8',
      TMPDIR: join(folder, 'tmp'),
      DATAPIPE_CACHE_DIR: join(folder, 'cache'),
      DATAPIPE_RUNTIME_DIR: join(folder, 'runtime'),
    }
    return new SecretiveUser(canaries, folder, env, server)
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`
  }

  /** A login by variables, and where it goes. */
  get variables(): NodeJS.ProcessEnv {
    return { ...plantVariables(this.canaries), AWS_REGION: 'eu-north-1', AWS_ENDPOINT_URL: this.url }
  }

  /** Writes a file that may hold secrets. @returns its path */
  async hold(name: string, text: string): Promise<string> {
    const path = join(this.folder, 'home', name)
    await writeFile(path, text)
    return path
  }

  run(args: string[], more: NodeJS.ProcessEnv = {}): Promise<CliResult> {
    return finished(
      spawn(process.execPath, [RUN, ...args], {
        cwd: join(this.folder, 'work'),
        env: { ...this.env, ...more },
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    )
  }

  /** Which secrets turned up: on the screen, or in a file that is not one of those that hold them. */
  async leaks({ stderr, stdout }: CliResult): Promise<string[]> {
    const found = [...this.canaries.foundIn(stdout), ...this.canaries.foundIn(stderr)]
    for (const entry of await readdir(this.folder, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name)
      if (!entry.isFile() || path.startsWith(join(this.folder, 'home'))) continue
      for (const place of this.canaries.foundIn(await readFile(path))) found.push(`${place} in ${path}`)
    }
    return found
  }

  /** Runs a command that must fail, say so, and tell nothing. */
  async fails(args: string[], more: NodeJS.ProcessEnv = {}): Promise<CliResult> {
    const result = await this.run(args, more)
    const printed = result.stderr + result.stdout
    expect(result.code, printed).to.be.oneOf([1, 2, 3])
    expect(printed).to.match(/Error|"ok": false/)
    expect(await this.leaks(result), printed).to.deep.equal([])
    return result
  }

  async leave(): Promise<void> {
    this.server.closeAllConnections()
    await new Promise((resolve) => this.server.close(resolve))
    await rm(this.folder, { recursive: true, force: true })
  }
}

/** Code for NODE_OPTIONS=--import that ends the process with an error full of secrets. */
export function crashing(how: string): string {
  return `setTimeout(() => {
  const { AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, https_proxy } = process.env
  const error = Object.assign(new Error('broken ' + AWS_SECRET_ACCESS_KEY), { env: process.env, AWS_SESSION_TOKEN, https_proxy })
  error.headers = JSON.stringify(process.env)
  ${how}
}, 250)
`
}
