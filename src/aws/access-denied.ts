import { DatapipeError } from '../errors.js'

const DENIED = new Set([
  'AccessDenied',
  'AccessDeniedException',
  'UnauthorizedOperation',
  'UnauthorizedException',
  'AuthorizationError',
  'AuthorizationErrorException',
  'NotAuthorized',
  'Forbidden',
  '403',
])

const ACTION = /not authorized to perform:?\s+([a-z0-9-]+:[A-Za-z*]+)/
const RESOURCE = /on (?:the )?resource:?\s+"?([^\s",]+)/
const PRINCIPAL = /(?:User|Principal):\s+(arn:[^\s]+)/
const REASON = /\b((?:because no|with an explicit deny)\b.*?)(?:\.?\s*Encoded authorization|\.?$)/s
const ENCODED = /Encoded authorization failure message:\s*([\w+/=-]+)/

/** A refusal by IAM, with action, resource and who was refused, as far as AWS says so (spec §14). */
export function accessDenied(error: Error): DatapipeError | undefined {
  if (!DENIED.has(error.name)) return undefined
  const { message } = error
  const action = ACTION.exec(message)?.[1]
  const resource = RESOURCE.exec(message)?.[1]?.replace(/\.$/, '')
  const principal = PRINCIPAL.exec(message)?.[1]
  const reason = REASON.exec(message)?.[1]
  const encoded = ENCODED.exec(message)?.[1]
  return new DatapipeError('ACCESS_DENIED', sentence(message, { action, resource, principal, reason }), {
    cause: error,
    suggestions: [
      ...(action === undefined
        ? ['Ask an administrator to allow it; --debug shows which call was refused.']
        : [permissionToAskFor(action, resource, principal)]),
      ...(reason?.includes('explicit deny') === true
        ? ['It is denied on purpose: allowing it elsewhere does not help while that policy stands.']
        : []),
      ...(encoded === undefined
        ? []
        : [`The full reason: \`aws sts decode-authorization-message --encoded-message ${encoded}\``]),
    ],
  })
}

interface Parts {
  action: string | undefined
  resource: string | undefined
  principal: string | undefined
  reason: string | undefined
}

function sentence(message: string, { action, principal, reason, resource }: Parts): string {
  if (action === undefined) {
    const said = message.replace(ENCODED, '').trim()
    return /^(Access Denied|UnknownError|Forbidden|)$/.test(said)
      ? 'AWS denied access.'
      : `AWS denied access: ${said}`
  }
  const what = [
    `AWS denied ${action}`,
    resource === undefined ? '' : ` on ${resource}`,
    principal === undefined ? '' : ` to ${principal}`,
  ].join('')
  return reason === undefined ? `${what}.` : `${what}, ${reason}.`
}

function permissionToAskFor(
  action: string,
  resource: string | undefined,
  principal: string | undefined,
): string {
  const where = resource === undefined ? '' : ` on ${resource}`
  return `Ask an administrator to allow ${action}${where} for ${principal ?? 'your role'}.`
}
