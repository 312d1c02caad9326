import {
  CreateLocationNfsCommand,
  DescribeLocationNfsCommand,
  UpdateLocationNfsCommand,
  type NfsVersion,
} from '@aws-sdk/client-datasync'
import { once } from '../../aws/create-once.js'
import type { AwsContext } from '../../aws/context.js'
import type { ResourceOptions } from '../../engine/resource.js'
import { DataSyncLocation, LOCATION_ACTIONS } from './location.js'
import { locationUri, normalPath } from './uri.js'

export interface LocationNfsProperties {
  host: string
  /** The exported path. */
  path: string
  version: NfsVersion
  agentArns: () => string[]
}

/** An export of an NFS server, as the agent sees it (spec §12). */
export class LocationNfs extends DataSyncLocation {
  readonly type = 'AWS::DataSync::LocationNFS'
  readonly iamActions = [
    ...LOCATION_ACTIONS,
    'datasync:CreateLocationNfs',
    'datasync:DescribeLocationNfs',
    'datasync:UpdateLocationNfs',
  ]
  protected readonly scheme = 'nfs'

  constructor(
    aws: AwsContext,
    id: string,
    name: string,
    private readonly properties: LocationNfsProperties,
    options: ResourceOptions = {},
  ) {
    super(aws, id, name, options)
  }

  protected address() {
    return { host: this.properties.host.toLowerCase(), path: normalPath(this.properties.path) }
  }

  protected desired() {
    const { agentArns, version } = this.properties
    return { ...this.address(), version, agentArns: agentArns().sort() }
  }

  protected async describe(arn: string) {
    const found = await this.datasync.send(new DescribeLocationNfsCommand({ LocationArn: arn }))
    const { host, path } = locationUri(found.LocationUri ?? '')
    return {
      host,
      path,
      version: found.MountOptions?.Version ?? 'AUTOMATIC',
      agentArns: [...(found.OnPremConfig?.AgentArns ?? [])].sort(),
    }
  }

  protected sendCreate(Tags: { Key: string; Value: string }[]) {
    return this.datasync.send(once(new CreateLocationNfsCommand({ ...this.#request(), Tags })))
  }

  protected sendUpdate(LocationArn: string) {
    return this.datasync.send(new UpdateLocationNfsCommand({ LocationArn, ...this.#request() }))
  }

  #request() {
    const { agentArns, host, path, version } = this.properties
    return {
      ServerHostname: host,
      Subdirectory: path,
      OnPremConfig: { AgentArns: agentArns() },
      MountOptions: { Version: version },
    }
  }
}
