import { messageOf } from '../errors.js'
import { StatesError } from './asl/errors.js'

/**
 * What Step Functions makes of an error of a service that a Task state calls: `<Service>.<Name>Exception`, or
 * `<Service>.SdkClientException` when no answer came (https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html).
 */
export function serviceError(service: string, thrown: unknown): StatesError {
  const metadata = (thrown as { $metadata?: { httpStatusCode?: number; requestId?: string } }).$metadata
  if (!(thrown instanceof Error) || metadata?.httpStatusCode === undefined) {
    return new StatesError(`${service}.SdkClientException`, messageOf(thrown))
  }
  const name = thrown.name.split('.').at(-1) ?? ''
  return new StatesError(
    `${service}.${name.endsWith('Exception') ? name : `${name}Exception`}`,
    `${thrown.message} (Service: ${service}, Status Code: ${metadata.httpStatusCode}, Request ID: ${metadata.requestId ?? 'unknown'})`,
  )
}
