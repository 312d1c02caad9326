import { UsageError } from '../errors.js'

export interface Place {
  project: string
  env: string
  account: string
  region: string
  bucketNamespace: 'account-regional' | 'global'
}

export type BucketPurpose = 'artifacts' | 'raw' | 'transformed' | 'logs'
export type RoleName = 'ecs-exec' | 'ecs-task' | 'sfn-worker' | 'sfn-dispatch' | 'events'
export type MachineName = 'worker' | 'dispatch'

/** Every physical name of an environment, in one place. Deterministic, so that AWS itself is the state (spec §1.3). */
export class Names {
  readonly stem: string
  readonly partition: string

  /** @throws UsageError NAME_TOO_LONG when project and environment leave no room in a bucket name (spec §3). */
  constructor(readonly place: Place) {
    this.stem = place.project === 'datapipe' ? `dp-${place.env}` : `dp-${place.project}-${place.env}`
    this.partition = place.region.startsWith('cn-')
      ? 'aws-cn'
      : place.region.startsWith('us-gov-')
        ? 'aws-us-gov'
        : 'aws'
    const longest = this.bucket('transformed')
    if (longest.length > 63) {
      throw new UsageError(
        'NAME_TOO_LONG',
        `The bucket name ${longest} would have ${longest.length} characters; S3 allows 63.`,
        { suggestions: ['Shorten `project` in datapipe.yaml, or the name of the environment.'] },
      )
    }
  }

  bucket(purpose: BucketPurpose): string {
    const { account, bucketNamespace, region } = this.place
    return `${this.stem}-${purpose}-${account}-${region}${bucketNamespace === 'account-regional' ? '-an' : ''}`
  }

  /** IAM is global, hence the region (spec §6). */
  role(role: RoleName): string {
    return `${this.stem}-${role}-${shortRegion(this.place.region)}`
  }

  stateMachine(machine: MachineName): string {
    return `${this.stem}-${machine}`
  }

  queue(purpose: 'failed' | 'events-dlq'): string {
    return `${this.stem}-${purpose}`
  }

  logGroup(purpose: 'ecs' | 'worker' | 'dispatch'): string {
    // Step Functions log groups need this prefix, or the account's log resource policy overflows (spec §9.2).
    return purpose === 'ecs'
      ? `/dp/${this.stem.slice(3)}/ecs`
      : `/aws/vendedlogs/states/${this.stem}-${purpose}`
  }

  get keyAlias(): string {
    return `alias/${this.stem}`
  }

  get topic(): string {
    return `${this.stem}-alerts`
  }

  get rule(): string {
    return `${this.stem}-object-created`
  }

  get repository(): string {
    return `${this.stem}-transform`
  }

  get cluster(): string {
    return this.stem
  }

  get taskFamily(): string {
    return `${this.stem}-transform`
  }

  /** Lower-case and underscores, or Athena needs quotes (spec §11.1). */
  get database(): string {
    return this.stem.replaceAll('-', '_')
  }

  get workgroup(): string {
    return this.stem
  }

  arn(service: string, resource: string): string {
    return `arn:${this.partition}:${service}:${this.place.region}:${this.place.account}:${resource}`
  }

  bucketArn(purpose: BucketPurpose): string {
    return `arn:${this.partition}:s3:::${this.bucket(purpose)}`
  }

  roleArn(role: RoleName): string {
    return `arn:${this.partition}:iam::${this.place.account}:role/${this.role(role)}`
  }

  stateMachineArn(machine: MachineName): string {
    return this.arn('states', `stateMachine:${this.stateMachine(machine)}`)
  }
}

/** `eu-north-1` -> `eun1`. */
export function shortRegion(region: string): string {
  const [area = '', ...rest] = region.split('-')
  const number = rest.pop() ?? ''
  return `${area}${rest.map((part) => part.replace(/^(north|south|east|west|central)(east|west)?$/, (_m, a: string, b?: string) => a.charAt(0) + (b?.charAt(0) ?? ''))).join('')}${number}`
}
