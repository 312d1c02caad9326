import type { AwsContext } from '../../aws/context.js'

/** What other tools need to know of an environment. All of it follows from names, so it can be told at any time. */
export interface Outputs {
  account: string
  region: string
  rawBucket: string
  transformedBucket: string
  database: string
  workgroup: string
  repository: string
  dispatcher: string
  worker: string
  failedQueue: string
  alertsTopic: string
}

export function outputs({ account, names, region }: AwsContext): Outputs {
  return {
    account,
    region,
    rawBucket: names.bucket('raw'),
    transformedBucket: names.bucket('transformed'),
    database: names.database,
    workgroup: names.workgroup,
    repository: names.repository,
    dispatcher: names.stateMachineArn('dispatch'),
    worker: names.stateMachineArn('worker'),
    failedQueue: names.queue('failed'),
    alertsTopic: names.arn('sns', names.topic),
  }
}
