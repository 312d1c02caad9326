import type { IncomingMessage } from 'node:http'

/** Whether what is asked for stands in the body, which then is short. */
export function isForm({ headers }: IncomingMessage): boolean {
  return headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true
}

/** What is asked for, as `service:Action`, or the method and path of a REST call. For people to read. */
export function callName({ headers, method = '', url = '' }: IncomingMessage, form = ''): string {
  // Credential=KEY/20260101/eu-north-1/ec2/aws4_request
  const service = /Credential=[^/]+\/\d+\/[^/]+\/([^/]+)\//.exec(headers.authorization ?? '')?.[1] ?? '?'
  const target = headers['x-amz-target']
  const action =
    typeof target === 'string'
      ? target.split('.').at(-1)
      : (new URLSearchParams(form).get('Action') ?? undefined)
  return `${service}:${action ?? `${method} ${decodeURIComponent(url).replace(/\?x-id=\w+$/, '')}`}`
}
