import type { ChildProcess } from 'node:child_process'
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Document } from '../../support/cli.js'
import { finished, User } from '../../support/cli.js'
import { resetMoto, startMoto, type Moto } from '../../support/moto.js'
import { listen, type Proxy } from '../../support/proxy.js'
import { parseRequest } from '../../support/realism/request.js'

/** Of HTTP or by name; everything else changes something. */
const READS = /^(BatchGet|Describe|Get|Head|List)/i

export interface Call {
  name: string
  changes: boolean
  /** It is about the lease of an environment. */
  lease: boolean
}

export type Ended<R> = Document<R> & { code: number | null }

/** One emulator for several machines. What S3 does at once, it does one after the other, which the emulator by itself does not. */
export class Cloud {
  #writing: Promise<unknown> = Promise.resolve()
  readonly #machines: Machine[] = []

  private constructor(readonly moto: Moto) {}

  static async start(): Promise<Cloud> {
    return new Cloud(await startMoto())
  }

  async machine(): Promise<Machine> {
    const machine = await Machine.start(this)
    this.#machines.push(machine)
    return machine
  }

  async reset(): Promise<void> {
    await resetMoto(this.moto.endpoint)
  }

  async stop(): Promise<void> {
    for (const machine of this.#machines) await machine.stop()
    await this.moto.stop()
  }

  /** Passes a request on. Conditional writes are what leases and uploads rest on, so S3's atomicity is kept. */
  async pass(incoming: IncomingMessage, body: Buffer, response: ServerResponse): Promise<void> {
    const isConditional = incoming.headers['if-match'] ?? incoming.headers['if-none-match']
    const send = () => forward(this.moto.endpoint, incoming, body, response)
    if (isConditional === undefined) return send()
    const turn = this.#writing.then(send)
    this.#writing = turn.catch(() => undefined)
    return turn
  }
}

/** A user on a machine of their own, whose line to the cloud remembers every call, and can hold it up. */
export class Machine {
  readonly calls: Call[] = []
  /** Called before a call is passed on; may wait. */
  onCall: (call: Call) => Promise<void> | void = () => undefined

  private constructor(
    readonly user: User,
    private readonly proxy: Proxy,
  ) {}

  static async start(cloud: Cloud): Promise<Machine> {
    let machine: Machine | undefined
    const server = createServer((incoming, response) => {
      void machine?.answer(cloud, incoming, response).catch(() => response.destroy())
    })
    const proxy = await listen(server)
    const user = await User.create({
      AWS_ENDPOINT_URL: proxy.endpoint,
      AWS_REGION: 'eu-north-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    })
    return (machine = new Machine(user, proxy))
  }

  /** Starts a command with --json. */
  start<R>(...args: string[]): { child: ChildProcess; ended: Promise<Ended<R>> } {
    const child = this.user.start(...args, '--json')
    const ended = finished(child).then(({ code, stderr, stdout }) => {
      if (stdout === '')
        throw new Error(`${args.join(' ')} ended with ${code} and printed nothing:\n${stderr}`)
      return { ...(JSON.parse(stdout) as Document<R>), code }
    })
    return { child, ended }
  }

  run<R>(...args: string[]): Promise<Ended<R>> {
    return this.start<R>(...args).ended
  }

  async stop(): Promise<void> {
    await this.user.leave()
    await this.proxy.stop()
  }

  private async answer(cloud: Cloud, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await read(incoming)
    const call = describeCall(incoming, body)
    this.calls.push(call)
    await this.onCall(call)
    await cloud.pass(incoming, body, response)
  }
}

function describeCall(incoming: IncomingMessage, body: Buffer): Call {
  const { action, method, service } = parseRequest(incoming, body)
  const isRead = method === 'GET' || method === 'HEAD' || READS.test(action)
  const lease = service === 's3' && (incoming.url ?? '').includes('/locks/')
  return { name: `${service}:${action}`, changes: !isRead, lease }
}

async function read(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

/** Fulfilled when the answer has been passed on. */
function forward(
  target: string,
  { headers, method, url }: IncomingMessage,
  body: Buffer,
  response: ServerResponse,
): Promise<void> {
  const { hostname, port } = new URL(target)
  return new Promise((resolve, reject) => {
    const onward = request({ hostname, port, method, path: url, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
      answer.once('end', resolve)
      answer.once('error', reject)
    })
    onward.once('error', reject)
    onward.end(body)
  })
}
