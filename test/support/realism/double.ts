import { createServer, request as send, type IncomingMessage, type ServerResponse } from 'node:http'
import { text as readText, buffer } from 'node:stream/consumers'
import { listen, type Proxy } from '../proxy.js'
import { errorAnswer, successAnswer, type Answer } from './answers.js'
import { Emulator } from './emulator.js'
import { parseRequest, type AwsRequest } from './request.js'
import type { Refusal, Rule } from './rule.js'

/** A call that a rule did not let through. */
export interface Refused extends Refusal {
  rule: string
  action: string
  params: Record<string, unknown>
}

export interface RealisticAws extends Proxy {
  /** In the order of the calls. */
  refused: Refused[]
  /** Told of each call as `service:Action`, before anything is done about it. */
  onCall: ((call: string) => void) | undefined
}

/** An emulator that also keeps the given rules: a test double of AWS on loopback, for every protocol that it speaks. */
export async function startRealisticAws(target: string, rules: readonly Rule[]): Promise<RealisticAws> {
  const emulator = new Emulator(target)
  const refused: Refused[] = []

  const handle = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const request = parseRequest(incoming, await buffer(incoming))
    aws.onCall?.(`${request.service}:${request.action}`)
    const matching = rules.filter(
      ({ actions, service }) => service === request.service && actions.includes(request.action),
    )
    for (const rule of matching) {
      const verdict = await rule.before?.(request, emulator)
      if (verdict === undefined) continue
      if ('answer' in verdict) {
        answer(response, successAnswer(request, verdict.answer))
        return
      }
      const { action, params } = request
      refused.push({ rule: rule.name, action, params, ...verdict.refuse })
      answer(response, errorAnswer(request, verdict.refuse))
      return
    }
    const passed = await pass(target, incoming, request)
    const after = matching.flatMap((rule) => rule.after ?? [])
    if (after.length === 0 || passed.statusCode !== 200) {
      response.writeHead(passed.statusCode ?? 502, passed.headers)
      passed.pipe(response)
      return
    }
    let body = await readText(passed)
    for (const change of after) body = await change(request, body, emulator)
    answer(response, successAnswer(request, body))
  }

  const server = createServer((incoming, response) => {
    handle(incoming, response).catch((error: unknown) => {
      // Said, because a call that only breaks is tried again by the SDK.
      console.error('The double of AWS failed:', error)
      response.destroy()
    })
  })
  const proxy = await listen(server)
  const aws: RealisticAws = {
    endpoint: proxy.endpoint,
    refused,
    onCall: undefined,
    async stop() {
      await proxy.stop()
      emulator.destroy()
    },
  }
  return aws
}

function pass(target: string, incoming: IncomingMessage, { body }: AwsRequest): Promise<IncomingMessage> {
  const { hostname, port } = new URL(target)
  // `Expect: 100-continue` has been answered here.
  const headers = Object.fromEntries(Object.entries(incoming.headers).filter(([name]) => name !== 'expect'))
  return new Promise((resolve, reject) => {
    const onward = send({ hostname, port, method: incoming.method, path: incoming.url, headers }, resolve)
    onward.on('error', reject)
    onward.end(body)
  })
}

function answer(response: ServerResponse, { body, headers, status }: Answer): void {
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) })
  response.end(body)
}
