import type { IncomingMessage } from 'node:http'

/** A call to AWS, whatever protocol it came in. */
export interface AwsRequest {
  /** As in the credential scope of the signature: `ec2`, `states` for Step Functions, `s3`. */
  service: string
  region: string
  /** Of HTTP. */
  method: string
  action: string
  /** Of the query protocol: flat names such as `VpcEndpointId.1`. Of JSON: the document. Of REST: what the path says. */
  params: Record<string, unknown>
  headers: IncomingMessage['headers']
  body: Buffer
}

/** Credential=KEY/20260101/eu-north-1/ec2/aws4_request */
const SCOPE = /Credential=[^/]+\/\d+\/([^/]+)\/([^/]+)\//

export function parseRequest(incoming: IncomingMessage, body: Buffer): AwsRequest {
  const { headers, method = 'GET' } = incoming
  const url = new URL(incoming.url ?? '/', 'http://aws')
  const [, region = '', service = ''] = SCOPE.exec(headers.authorization ?? '') ?? []
  const request = { service, region, method, headers, body }
  const target = headers['x-amz-target']
  if (typeof target === 'string') {
    return { ...request, action: target.split('.').at(-1) ?? '', params: parseJson(body) }
  }
  if (headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true) {
    const params = Object.fromEntries(new URLSearchParams(body.toString()))
    return { ...request, action: params.Action ?? '', params }
  }
  const rest = service === 's3' ? s3Action(method, url) : restAction(service, method, url, body)
  return { ...request, ...rest }
}

/** A text parameter, empty when it is not there. */
export function text(request: AwsRequest, name: string): string {
  const value = request.params[name]
  return typeof value === 'string' ? value : ''
}

/** The values of `Name.1`, `Name.2` and so on. */
export function listed(request: AwsRequest, name: string): string[] {
  return Object.entries(request.params)
    .filter(([key]) => key.startsWith(`${name}.`))
    .map(([, value]) => String(value))
}

type Called = Pick<AwsRequest, 'action' | 'params'>

/** Path style; only what rules ask for has a name. */
function s3Action(method: string, url: URL): Called {
  const [bucket = '', ...key] = url.pathname.slice(1).split('/')
  const subresources = [...url.searchParams.keys()].filter((name) => name !== 'x-id')
  const params = { Bucket: decodeURIComponent(bucket), Key: decodeURIComponent(key.join('/')) }
  const level = params.Key === '' ? 'Bucket' : 'Object'
  const verb = { DELETE: 'Delete', PUT: level === 'Bucket' ? 'Create' : 'Put' }[method]
  const isNamed = verb !== undefined && subresources.length === 0
  return { action: isNamed ? `${verb}${level}` : `${method} ${subresources.join(',')}`, params }
}

function restAction(service: string, method: string, url: URL, body: Buffer): Called {
  const [kind = '', Name = ''] = url.pathname.slice(1).split('/').map(decodeURIComponent)
  if (service === 'scheduler') {
    const noun = { 'schedule-groups': 'ScheduleGroup', schedules: 'Schedule' }[kind] ?? kind
    const verb = { DELETE: 'Delete', GET: Name === '' ? 'List' : 'Get', POST: 'Create', PUT: 'Update' }[
      method
    ]
    return { action: `${verb ?? method}${noun}`, params: { ...parseJson(body), Name } }
  }
  return { action: url.pathname.split('/').at(-1) ?? '', params: {} }
}

function parseJson(body: Buffer): Record<string, unknown> {
  if (body.length === 0) return {}
  try {
    return JSON.parse(body.toString()) as Record<string, unknown>
  } catch {
    // CBOR, for example: no rule looks into it.
    return {}
  }
}
