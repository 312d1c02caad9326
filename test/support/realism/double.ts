import { createServer, request as send, type IncomingMessage, type ServerResponse } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { text as readText, buffer } from 'node:stream/consumers'
import { listen, type Proxy } from '../proxy.js'
import { CallLog } from '../weather/call-log.js'
import type { Fault } from '../weather/kinds.js'
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
  /** Every call with its times. */
  log: CallLog
}

/** Says what happens to a call before it is looked at: see `Weather`. Asked once for each call. */
export interface Striking {
  strike(request: AwsRequest): Partial<Fault>
}

/**
 * An emulator that also keeps the given rules: a test double of AWS on loopback, for every protocol that it speaks.
 * @param weather what else happens to calls; none: nothing
 */
export async function startRealisticAws(
  target: string,
  rules: readonly Rule[],
  weather?: Striking,
): Promise<RealisticAws> {
  const emulator = new Emulator(target)
  const refused: Refused[] = []
  const log = new CallLog()

  /** What the rules and the emulator say; an answer of the emulator that no rule looks at is passed on as it arrives. */
  const ask = async (incoming: IncomingMessage, request: AwsRequest): Promise<Answer | IncomingMessage> => {
    const matching = rules.filter(
      ({ actions, service }) =>
        service === request.service && (actions === 'all' || actions.includes(request.action)),
    )
    for (const rule of matching) {
      const verdict = await rule.before?.(request, emulator)
      if (verdict === undefined) continue
      if ('answer' in verdict) return successAnswer(request, verdict.answer)
      const { action, params } = request
      refused.push({ rule: rule.name, action, params, ...verdict.refuse })
      return errorAnswer(request, verdict.refuse)
    }
    const passed = await pass(target, incoming, request)
    const after = matching.flatMap((rule) => rule.after?.bind(rule) ?? [])
    if (after.length === 0 || passed.statusCode !== 200) return passed
    let body = await readText(passed)
    for (const change of after) body = await change(request, body, emulator)
    return successAnswer(request, body)
  }

  const handle = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const request = parseRequest(incoming, await buffer(incoming))
    const name = `${request.service}:${request.action}`
    response.once('close', log.begin(name))
    aws.onCall?.(name)
    const fault = weather?.strike(request) ?? {}
    if (fault.delayMs !== undefined && fault.delayMs > 0) await pause(fault.delayMs)
    if (fault.cut === 'before') {
      response.destroy()
      return
    }
    const said =
      fault.refuse === undefined ? await ask(incoming, request) : errorAnswer(request, fault.refuse)
    if (fault.cut !== undefined || fault.refuseAfter !== undefined) {
      await disturb(response, request, said, fault)
    } else if ('body' in said) {
      answer(response, said)
    } else {
      response.writeHead(said.statusCode ?? 502, said.headers)
      said.pipe(response)
    }
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
    log,
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

/** The call was executed, and its caller does not get to know how it went. */
async function disturb(
  response: ServerResponse,
  request: AwsRequest,
  said: Answer | IncomingMessage,
  { cut, refuseAfter }: Partial<Fault>,
): Promise<void> {
  const body = 'body' in said ? Buffer.from(said.body) : await buffer(said)
  if (cut === undefined && refuseAfter !== undefined) {
    answer(response, errorAnswer(request, refuseAfter))
    return
  }
  if (cut === 'during') {
    const status = 'status' in said ? said.status : said.statusCode
    response.writeHead(status ?? 502, { ...said.headers, 'content-length': body.length })
    await new Promise((resolve) => response.write(body.subarray(0, body.length / 2), resolve))
  }
  response.destroy()
}

function answer(response: ServerResponse, { body, headers, status }: Answer): void {
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) })
  response.end(body)
}
