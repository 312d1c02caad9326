import {
  CreateLocationSmbCommand,
  DescribeLocationSmbCommand,
  UpdateLocationSmbCommand,
  type SmbVersion,
} from '@aws-sdk/client-datasync'
import { once } from '../../aws/create-once.js'
import type { AwsContext } from '../../aws/context.js'
import { retryPropagation } from '../../aws/retry.js'
import type { Operation } from '../../engine/operation.js'
import type { ResourceOptions } from '../../engine/resource.js'
import { DataSyncLocation, LOCATION_ACTIONS } from './location.js'
import { locationUri, normalPath } from './uri.js'

export interface LocationSmbProperties {
  host: string
  /** `/share` or `/share/folder`. */
  path: string
  user: string
  domain: string | undefined
  /** The secret whose plain text is the password, and who may read it. */
  secret: { arn: string; roleArn: string }
  version: SmbVersion
  agentArns: () => string[]
}

/**
 * A share of an SMB server (spec §12). The password is a reference only: DataSync reads the secret itself when it mounts
 * the share, so it never passes through here, and a new password needs no `up`.
 */
export class LocationSmb extends DataSyncLocation {
  readonly type = 'AWS::DataSync::LocationSMB'
  readonly iamActions = [
    ...LOCATION_ACTIONS,
    'datasync:CreateLocationSmb',
    'datasync:DescribeLocationSmb',
    'datasync:UpdateLocationSmb',
    'iam:PassRole',
  ]
  protected readonly scheme = 'smb'

  constructor(
    aws: AwsContext,
    id: string,
    name: string,
    private readonly properties: LocationSmbProperties,
    options: ResourceOptions = {},
  ) {
    super(aws, id, name, options)
  }

  protected address() {
    return { host: this.properties.host.toLowerCase(), path: normalPath(this.properties.path) }
  }

  protected desired() {
    const { agentArns, domain, secret, user, version } = this.properties
    return {
      ...this.address(),
      user,
      domain: domain ?? null,
      version,
      agentArns: agentArns().sort(),
      // moto keeps no reference to a secret.
      secret: this.aws.emulated ? undefined : { arn: secret.arn, roleArn: secret.roleArn },
    }
  }

  protected async describe(arn: string) {
    const found = await this.datasync.send(new DescribeLocationSmbCommand({ LocationArn: arn }))
    const { host, path } = locationUri(found.LocationUri ?? '')
    const secret = found.CustomSecretConfig
    return {
      host,
      path,
      user: found.User,
      domain: found.Domain === undefined || found.Domain === '' ? null : found.Domain,
      version: found.MountOptions?.Version ?? 'AUTOMATIC',
      agentArns: [...(found.AgentArns ?? [])].sort(),
      secret:
        secret === undefined
          ? null
          : { arn: secret.SecretArn ?? null, roleArn: secret.SecretAccessRoleArn ?? null },
    }
  }

  protected sendCreate(Tags: { Key: string; Value: string }[], op: Operation) {
    const input = { ...this.#request(), Tags }
    return retryPropagation(() => this.datasync.send(once(new CreateLocationSmbCommand(input))), op)
  }

  protected sendUpdate(LocationArn: string, op: Operation) {
    // An empty domain takes the old one away; left out, it would stay.
    const request = { LocationArn, Domain: '', ...this.#request() }
    return retryPropagation(() => this.datasync.send(new UpdateLocationSmbCommand(request)), op)
  }

  #request() {
    const { agentArns, domain, host, path, secret, user, version } = this.properties
    return {
      ServerHostname: host,
      Subdirectory: path,
      User: user,
      ...(domain === undefined ? {} : { Domain: domain }),
      CustomSecretConfig: { SecretArn: secret.arn, SecretAccessRoleArn: secret.roleArn },
      AgentArns: agentArns(),
      MountOptions: { Version: version },
    }
  }
}
