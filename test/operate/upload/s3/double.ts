import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { listen, type Proxy } from '../../../support/proxy.js'
import { answerTo, type Answer } from './answers.js'
import { S3Refusal, S3Store, type Body } from './store.js'

/** One request that arrived. */
export interface S3Call {
  /** For example `UploadPart`. */
  operation: string
  key: string
  /** 0 where it is about no part. */
  partNumber: number
  /** Of the body. */
  bytes: number
}

/** What happens instead of, or beside, what should. */
export type Fault =
  /** An error without anything done; `status` 200 for one inside a good answer. */
  | { kind: 'refuse'; status: number; code: string; message?: string }
  /** The connection breaks, before or after the request was carried out. */
  | { kind: 'cut'; executed: boolean }
  /** A bit of the body changes on its way. */
  | { kind: 'flip' }
  /** It takes longer. */
  | { kind: 'slow'; ms: number }
  /** Nothing is ever answered. */
  | { kind: 'silence' }

export interface S3DoubleOptions {
  /** false: bodies are checked and thrown away, for files that are larger than memory. */
  keep?: boolean
  /** Asked for each request, when its body has arrived. */
  fault?: (call: S3Call, count: number) => Fault | undefined
  /** Called when a request was carried out and before it is answered. */
  executed?: (call: S3Call, count: number) => void
}

/** An S3 bucket on loopback that keeps S3's rules where emulators do not, and misbehaves on demand. Knows STS, too. */
export class S3Double {
  readonly store = new S3Store()
  /** In the order in which they arrived, whatever became of them. */
  readonly calls: S3Call[] = []
  options: S3DoubleOptions
  #server: Proxy | undefined

  constructor(options: S3DoubleOptions = {}) {
    this.options = options
  }

  get endpoint(): string {
    return this.#server?.endpoint ?? ''
  }

  async start(): Promise<this> {
    const server = createServer((request, response) => {
      this.#serve(request, response).catch(() => response.destroy())
    })
    server.keepAliveTimeout = 60_000
    this.#server = await listen(server)
    return this
  }

  async stop(): Promise<void> {
    await this.#server?.stop()
  }

  /** Parts that arrived, by number, with how often. */
  sentParts(): Map<number, number> {
    const sent = new Map<number, number>()
    for (const { operation, partNumber } of this.calls) {
      if (operation === 'UploadPart') sent.set(partNumber, (sent.get(partNumber) ?? 0) + 1)
    }
    return sent
  }

  count(operation: string): number {
    return this.calls.filter((call) => call.operation === operation).length
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://s3')
    const operation = operationOf(request.method ?? '', url)
    const receive = this.options.keep === false ? hashOnly : readAll
    const received = await receive(request)
    const call: S3Call = {
      operation,
      key: decodeURIComponent(url.pathname.split('/').slice(2).join('/')),
      partNumber: Number(url.searchParams.get('partNumber') ?? 0),
      bytes: received.bytes,
    }
    this.calls.push(call)
    const count = this.calls.length
    const fault = this.options.fault?.(call, count)
    if (fault?.kind === 'silence') return
    if (fault?.kind === 'slow') await new Promise((resolve) => setTimeout(resolve, fault.ms))
    if (fault?.kind === 'cut' && !fault.executed) {
      response.destroy()
      return
    }
    const answer = this.#answer(request, url, call, received, fault)
    this.options.executed?.(call, count)
    if (fault?.kind === 'cut') response.destroy()
    else send(response, answer, request.method === 'HEAD')
  }

  #answer(
    request: IncomingMessage,
    url: URL,
    call: S3Call,
    received: Body,
    fault: Fault | undefined,
  ): Answer {
    try {
      if (fault?.kind === 'refuse') {
        throw new S3Refusal(fault.status, fault.code, fault.message ?? `Refused: ${fault.code}`)
      }
      const body = fault?.kind === 'flip' ? flipped(received) : received
      requireUndamaged(request, body)
      return answerTo(this.store, call, url, request.headers, body)
    } catch (error) {
      if (!(error instanceof S3Refusal)) throw error
      const { code, message, status } = error
      const text = `<Error><Code>${code}</Code><Message>${message}</Message><RequestId>1</RequestId></Error>`
      return { status, headers: {}, text }
    }
  }
}

function operationOf(method: string, { pathname, searchParams }: URL): string {
  if (pathname === '/') return 'GetCallerIdentity'
  const part = searchParams.has('partNumber')
  const upload = searchParams.has('uploadId')
  switch (method) {
    case 'HEAD':
      return 'HeadObject'
    case 'PUT':
      return part ? 'UploadPart' : 'PutObject'
    case 'POST':
      return upload ? 'CompleteMultipartUpload' : 'CreateMultipartUpload'
    case 'DELETE':
      return 'AbortMultipartUpload'
    default:
      if (searchParams.has('list-type')) return 'ListObjectsV2'
      return upload ? 'ListParts' : 'ListMultipartUploads'
  }
}

/** Both the checksum and the hash that the signature covers must be those of what arrived. @throws S3Refusal */
function requireUndamaged({ headers }: IncomingMessage, { sha256 }: Body): void {
  const checksum = headers['x-amz-checksum-sha256']
  if (checksum !== undefined && checksum !== sha256) {
    throw new S3Refusal(400, 'BadDigest', 'The SHA256 you specified did not match the calculated checksum.')
  }
  const signed = headers['x-amz-content-sha256']
  if (typeof signed === 'string' && /^[0-9a-f]{64}$/.test(signed) && signed !== toHex(sha256)) {
    throw new S3Refusal(
      400,
      'XAmzContentSHA256Mismatch',
      'The provided hash does not match what was computed.',
    )
  }
}

async function readAll(request: IncomingMessage): Promise<Body> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return bodyOf(Buffer.concat(chunks))
}

async function hashOnly(request: IncomingMessage): Promise<Body> {
  // What is small may be a list of parts.
  if (Number(request.headers['content-length'] ?? 0) < 4 * 2 ** 20) return readAll(request)
  const hash = createHash('sha256')
  let bytes = 0
  for await (const chunk of request) {
    hash.update(chunk as Buffer)
    bytes += (chunk as Buffer).length
  }
  return { bytes, sha256: hash.digest('base64'), content: undefined }
}

function flipped({ content = Buffer.alloc(0) }: Body): Body {
  const changed = Buffer.from(content)
  const middle = Math.floor(changed.length / 2)
  changed[middle] = (changed[middle] ?? 0) ^ 1
  return bodyOf(changed)
}

function bodyOf(content: Buffer): Body {
  return { bytes: content.length, sha256: createHash('sha256').update(content).digest('base64'), content }
}

function toHex(base64: string): string {
  return Buffer.from(base64, 'base64').toString('hex')
}

function send(response: ServerResponse, { headers, status, text }: Answer, isHead: boolean): void {
  response.writeHead(status, { 'content-type': 'application/xml', ...headers })
  response.end(isHead ? undefined : text)
}
