import type { AwsRequest } from './request.js'
import type { Refusal } from './rule.js'

export interface Answer {
  status: number
  headers: Record<string, string>
  body: string
}

const XML = 'text/xml;charset=UTF-8'
const ID = '00000000-0000-0000-0000-000000000000'

/** An error in the form of the service that is asked. */
export function errorAnswer(request: AwsRequest, { code, message, status = 400 }: Refusal): Answer {
  // An answer to HEAD has no body, so all that it can say is its status.
  if (request.method === 'HEAD') return { status, headers: { 'content-type': XML }, body: '' }
  const error = `<Code>${code}</Code><Message>${escape(message)}</Message>`
  switch (request.service) {
    case 'ec2':
      return xml(
        status,
        `<Response><Errors><Error>${error}</Error></Errors><RequestID>${ID}</RequestID></Response>`,
      )
    case 's3':
      return xml(status, `<Error>${error}<RequestId>${ID}</RequestId></Error>`)
    default:
      if (isForm(request)) {
        return xml(
          status,
          `<ErrorResponse><Error><Type>Sender</Type>${error}</Error><RequestId>${ID}</RequestId></ErrorResponse>`,
        )
      }
      return {
        status,
        headers: { 'content-type': contentType(request), 'x-amzn-errortype': code },
        body: JSON.stringify({ __type: code, message, Message: message }),
      }
  }
}

/** A success in the form that the caller expects. */
export function successAnswer(request: AwsRequest, body: string): Answer {
  const headers = { 'content-type': isForm(request) ? XML : contentType(request) }
  return { status: 200, headers, body }
}

/** The answer of EC2 to an action. @param content what is in it, as XML */
export function ec2Answer(action: string, content: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?><${action}Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15"><requestId>${ID}</requestId>${content}</${action}Response>`
}

/** Whoever asks in a form is answered in XML: EC2, IAM, STS, SNS. */
function isForm({ headers }: AwsRequest): boolean {
  return headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true
}

function contentType({ headers }: AwsRequest): string {
  return headers['content-type'] ?? 'application/json'
}

function xml(status: number, content: string): Answer {
  return {
    status,
    headers: { 'content-type': XML },
    body: `<?xml version="1.0" encoding="UTF-8"?>${content}`,
  }
}

function escape(words: string): string {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
