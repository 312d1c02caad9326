import {
  DataSyncClient,
  DeleteLocationCommand,
  paginateListLocations,
  TagResourceCommand,
} from '@aws-sdk/client-datasync'
import { createOnce } from '../../aws/create-once.js'
import type { AwsContext } from '../../aws/context.js'
import { diffTags, upperTags, type Tags } from '../../aws/tags.js'
import { diffProperties, type Change } from '../../engine/change.js'
import type { Operation } from '../../engine/operation.js'
import type { Deletion, Observed, ResourceOptions } from '../../engine/resource.js'
import { retryWhile } from '../../engine/wait.js'
import { AwsResource } from '../resource.js'
import { isInUse, unlessGone } from './errors.js'
import { findTagged, type Listed } from './lookup.js'
import { locationUri } from './uri.js'

export interface LocationAttributes {
  arn: string
}

export interface ObservedLocation extends Observed<LocationAttributes> {
  properties: Record<string, unknown>
  tags: Tags
}

export const LOCATION_ACTIONS = [
  'datasync:DeleteLocation',
  'datasync:ListLocations',
  'datasync:ListTagsForResource',
  'datasync:TagResource',
] as const

/** What NFS, SMB and S3 locations have in common: how they are found, tagged and deleted. */
export abstract class DataSyncLocation extends AwsResource<LocationAttributes, ObservedLocation> {
  protected abstract readonly scheme: 'nfs' | 'smb' | 's3'
  /** Paths that DataSync cannot change in place. */
  protected readonly replacing: string[] = []

  protected readonly datasync: DataSyncClient

  constructor(aws: AwsContext, id: string, name: string, options: ResourceOptions = {}) {
    super(aws, id, name, options)
    this.datasync = aws.clients.of(DataSyncClient)
  }

  /** What there is, named as in `desired`. */
  protected abstract describe(arn: string): Promise<Record<string, unknown>>
  protected abstract desired(): Record<string, unknown>
  /** Where it is, known without any dependency: reading may look at none. */
  protected abstract address(): { host: string; path: string }
  /** The command marked with `once`. */
  protected abstract sendCreate(
    tags: { Key: string; Value: string }[],
    op: Operation,
  ): Promise<{ LocationArn?: string }>
  protected abstract sendUpdate(arn: string, op: Operation): Promise<unknown>

  async read(): Promise<ObservedLocation | undefined> {
    const listed: Listed[] = []
    for await (const page of paginateListLocations({ client: this.datasync }, {})) {
      for (const { LocationArn: arn, LocationUri: uri = '' } of page.Locations ?? []) {
        if (arn !== undefined && uri.startsWith(`${this.scheme}:`))
          listed.push({ arn, label: locationUri(uri).text })
      }
    }
    const wanted = { id: this.id, noun: 'DataSync location', label: this.#label(), tags: this.tags }
    const hit = await findTagged(this.aws, this.datasync, listed, wanted)
    const properties = hit === undefined ? undefined : await unlessGone(this.describe(hit.arn))
    if (hit === undefined || properties === undefined) return undefined
    return { physicalId: hit.arn, attributes: { arn: hit.arn }, owned: true, properties, tags: hit.tags }
  }

  diff(observed: ObservedLocation): Change[] {
    return [
      ...diffProperties(observed.properties, this.desired(), { replaces: this.replacing }),
      ...diffTags(observed.tags, this.tags),
    ]
  }

  async create(op: Operation): Promise<LocationAttributes> {
    const { LocationArn: arn } = await createOnce(
      () => this.sendCreate(upperTags(this.tags), op),
      async () => {
        const made = await this.read()
        return made === undefined ? undefined : { LocationArn: made.physicalId }
      },
      op,
    )
    if (arn === undefined) throw new Error('DataSync answered without LocationArn')
    return { arn }
  }

  async update(
    observed: ObservedLocation,
    changes: readonly Change[],
    op: Operation,
  ): Promise<LocationAttributes> {
    if (changes.some(({ path }) => !path.startsWith('tags.'))) await this.sendUpdate(observed.physicalId, op)
    if (changes.some(({ path }) => path.startsWith('tags.'))) {
      await this.datasync.send(
        new TagResourceCommand({ ResourceArn: observed.physicalId, Tags: upperTags(this.tags) }),
      )
    }
    return observed.attributes
  }

  async delete(observed: ObservedLocation, op: Operation): Promise<Deletion> {
    const gone = await retryWhile(
      () => unlessGone(this.datasync.send(new DeleteLocationCommand({ LocationArn: observed.physicalId }))),
      {
        what: 'waiting for DataSync to let go of the location',
        retryable: isInUse,
        timeoutMs: 60_000,
      },
      op,
    )
    return { status: gone === undefined ? 'absent' : 'deleted' }
  }

  #label(): string {
    const { host, path } = this.address()
    return locationUri(`${this.scheme}://${host}/${path}`).text
  }
}
