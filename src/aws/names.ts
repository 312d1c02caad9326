import { UsageError } from '../errors.js'

export interface Place {
  project: string
  env: string
  account: string
  region: string
  bucketNamespace: 'account-regional' | 'global'
}

export type BucketPurpose = 'artifacts' | 'raw' | 'transformed' | 'logs'
/** Roles of every environment. */
export type CoreRoleName = 'ecs-exec' | 'ecs-task' | 'sfn-worker' | 'sfn-dispatch' | 'events'
/** With those of the parts that are off by default. */
export type RoleName =
  | CoreRoleName
  | 'sfn-backfill'
  | 'scheduler'
  | 'glue'
  | 'sfn-crawl'
  | 'codebuild'
  | 'datasync'
  | 'sfn-success-check'
  | 'scheduler-check'
export type MachineName = 'worker' | 'dispatch' | 'crawl' | 'backfill' | 'success-check'

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

  logGroup(
    purpose: 'ecs' | 'worker' | 'dispatch' | 'backfill' | 'crawl' | 'datasync' | 'success-check',
  ): string {
    if (purpose === 'datasync') return `/dp/${this.stem.slice(3)}/datasync`
    // Step Functions log groups need this prefix, or the account's log resource policy overflows (spec §9.2).
    return purpose === 'ecs'
      ? `/dp/${this.stem.slice(3)}/ecs`
      : `/aws/vendedlogs/states/${this.stem}-${purpose}`
  }

  /** Of the image builds. The key policy lets CloudWatch Logs use the key for what lies below `/dp/<env>/`. */
  get codeBuildLogGroup(): string {
    return `/dp/${this.stem.slice(3)}/codebuild`
  }

  /** The CodeBuild project that builds the image. */
  get imageProject(): string {
    return `${this.stem}-image`
  }

  get keyAlias(): string {
    return `alias/${this.stem}`
  }

  get topic(): string {
    return `${this.stem}-alerts`
  }

  /** Of the checks that run by the clock. */
  get monitoringGroup(): string {
    return `${this.stem}-monitoring`
  }

  /** The topic takes messages of alarms whose names begin with the stem (spec §10.1). */
  alarm(purpose: string): string {
    return `${this.stem}-${purpose}`
  }

  /** Dashboards belong to the account, not to a region. */
  get dashboard(): string {
    return `${this.stem}-${shortRegion(this.place.region)}`
  }

  /** Budgets belong to the account, not to a region. */
  get budget(): string {
    return `${this.stem}-${shortRegion(this.place.region)}`
  }

  get rule(): string {
    return `${this.stem}-object-created`
  }

  /** Holds the schedules of the environment: they have no tags of their own. */
  get scheduleGroup(): string {
    return this.stem
  }

  get sweepSchedule(): string {
    return `${this.stem}-sweep`
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

  get crawler(): string {
    return `${this.stem}-crawler`
  }

  get sparkJob(): string {
    return `${this.stem}-spark`
  }

  /** Below it, a Glue 5.0 job with a security configuration names its log groups itself. */
  get sparkLogPrefix(): string {
    return `/dp/${this.stem.slice(3)}/spark`
  }

  /** What Glue makes of the prefix: with a security configuration, its name and that of the role follow. */
  sparkLogGroup(stream: 'error' | 'output'): string {
    return `${this.sparkLogPrefix}/${this.glueSecurityConfiguration}-role/${this.role('glue')}/${stream}`
  }

  /** Has no tags: its name alone says whose it is. */
  get glueSecurityConfiguration(): string {
    return `${this.stem}-glue`
  }

  /** Not unique in Athena, hence the stem. */
  namedQuery(name: string): string {
    return `${this.stem}/${name}`
  }

  /** Agent, task and the `Name` tags of locations; DataSync does not make names unique. */
  get datasync(): string {
    return `${this.stem}-datasync`
  }

  arn(service: string, resource: string): string {
    return `arn:${this.partition}:${service}:${this.place.region}:${this.place.account}:${resource}`
  }

  /** The source that AWS documents for what Budgets sends: any budget of the account. Budgets have no region. */
  get budgetArns(): string {
    return `arn:${this.partition}:budgets::${this.place.account}:*`
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
