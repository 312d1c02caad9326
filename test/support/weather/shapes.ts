import type { AwsRequest } from '../realism/request.js'
import type { Refusal } from '../realism/rule.js'

/** As the credential scope of the signature names it. */
type ByService = Readonly<Record<string, Refusal>>

const RATE = 'Rate exceeded'
const INTERNAL = 'An internal error has occurred.'
const ENDED = 'The security token included in the request is expired'

const THROTTLING: ByService = {
  ec2: { code: 'RequestLimitExceeded', message: 'Request limit exceeded.', status: 503 },
  s3: { code: 'SlowDown', message: 'Please reduce your request rate.', status: 503 },
  iam: { code: 'Throttling', message: RATE },
  sts: { code: 'Throttling', message: RATE },
  sns: { code: 'Throttling', message: RATE },
  sqs: { code: 'RequestThrottled', message: 'Request is throttled.', status: 403 },
  monitoring: { code: 'Throttling', message: RATE },
  athena: { code: 'TooManyRequestsException', message: RATE },
  tagging: { code: 'ThrottledException', message: RATE },
  scheduler: { code: 'ThrottlingException', message: RATE, status: 429 },
}

/** A call came too often: in the words, and with the status, of the service that is asked (spec §14). */
export function throttling({ service }: AwsRequest): Refusal {
  return THROTTLING[service] ?? { code: 'ThrottlingException', message: RATE }
}

const INTERNAL_ERROR: ByService = {
  ec2: { code: 'InternalError', message: INTERNAL },
  s3: { code: 'InternalError', message: 'We encountered an internal error. Please try again.' },
  iam: { code: 'ServiceFailure', message: INTERNAL },
  sts: { code: 'InternalFailure', message: INTERNAL },
  sns: { code: 'InternalError', message: INTERNAL },
  sqs: { code: 'InternalFailure', message: INTERNAL },
  kms: { code: 'KMSInternalException', message: INTERNAL },
  ecs: { code: 'ServerException', message: INTERNAL },
  ecr: { code: 'ServerException', message: INTERNAL },
  events: { code: 'InternalException', message: INTERNAL },
  glue: { code: 'InternalServiceException', message: INTERNAL },
  athena: { code: 'InternalServerException', message: INTERNAL },
  scheduler: { code: 'InternalServerException', message: INTERNAL },
  tagging: { code: 'InternalServiceException', message: INTERNAL },
  datasync: { code: 'InternalException', message: INTERNAL },
  monitoring: { code: 'InternalServiceFault', message: INTERNAL },
}

const UNAVAILABLE: ByService = {
  ec2: { code: 'Unavailable', message: 'The server is overloaded and cannot handle the request.' },
  s3: { code: 'ServiceUnavailable', message: 'Please reduce your request rate.' },
  kms: { code: 'DependencyTimeoutException', message: 'A dependency timed out.' },
  logs: { code: 'ServiceUnavailableException', message: 'The service cannot complete the request.' },
}

/** The service itself failed. @param status 500: internal error; 503: unavailable */
export function serverError({ service }: AwsRequest, status: 500 | 503): Refusal {
  const known = status === 500 ? INTERNAL_ERROR[service] : UNAVAILABLE[service]
  const common =
    status === 500
      ? { code: 'InternalFailure', message: INTERNAL }
      : { code: 'ServiceUnavailable', message: 'The request has failed due to a temporary failure.' }
  return { ...(known ?? common), status }
}

const EXPIRED: ByService = {
  s3: { code: 'ExpiredToken', message: 'The provided token has expired.' },
  ec2: { code: 'RequestExpired', message: 'Request has expired.' },
  iam: { code: 'ExpiredToken', message: ENDED, status: 403 },
  sts: { code: 'ExpiredToken', message: ENDED, status: 403 },
  sns: { code: 'ExpiredToken', message: ENDED, status: 403 },
  monitoring: { code: 'ExpiredToken', message: ENDED, status: 403 },
  scheduler: { code: 'ExpiredTokenException', message: ENDED, status: 403 },
}

/** The session of the credentials has ended. */
export function expiredToken({ service }: AwsRequest): Refusal {
  return EXPIRED[service] ?? { code: 'ExpiredTokenException', message: ENDED }
}
