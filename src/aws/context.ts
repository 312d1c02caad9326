import type { AwsClients } from './clients.js'
import type { Names } from './names.js'
import { isOurs, tagsFor, type Tags } from './tags.js'

/** Where a run acts: account, region, project, environment, and the clients to do it with. */
export interface AwsContextOptions {
  clients: AwsClients
  names: Names
  /** false on an emulator that reports no real account: some calls are skipped there because it lacks them, never because they are hard. */
  emulated: boolean
}

export class AwsContext {
  readonly clients: AwsClients
  readonly names: Names
  readonly emulated: boolean
  readonly project: string
  readonly env: string
  readonly account: string
  readonly region: string
  readonly partition: string

  constructor(options: AwsContextOptions) {
    this.clients = options.clients
    this.names = options.names
    this.emulated = options.emulated
    this.project = options.names.place.project
    this.env = options.names.place.env
    this.account = options.names.place.account
    this.region = options.names.place.region
    this.partition = options.names.partition
  }

  tags(id: string, name: string): Tags {
    return tagsFor(this.project, this.env, id, name)
  }

  owns(tags: Tags): boolean {
    return isOurs(tags, this.project, this.env)
  }
}
