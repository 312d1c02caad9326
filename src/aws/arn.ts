/** The parts of an ARN; `resource` keeps its own separators. */
export interface Arn {
  service: string
  region: string
  account: string
  resource: string
  /** The kind of thing, where the service says it: `subnet`, `role`, `key`; empty for S3, SQS and SNS. */
  kind: string
  /** Name or id, without the kind. */
  name: string
}

export function parseArn(arn: string): Arn {
  const [, , service = '', region = '', account = '', ...rest] = arn.split(':')
  const resource = rest.join(':')
  const separator = /[:/]/.exec(resource)
  const kind = separator === null ? '' : resource.slice(0, separator.index)
  return {
    service,
    region,
    account,
    resource,
    kind,
    name: separator === null ? resource : resource.slice(separator.index + 1),
  }
}
