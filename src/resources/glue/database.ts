import {
  CreateDatabaseCommand,
  DeleteDatabaseCommand,
  GetDatabaseCommand,
  GetTagsCommand,
  GlueClient,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateDatabaseCommand,
  type Database,
} from '@aws-sdk/client-glue'
import type { AwsContext } from '../../aws/context.js'
import { isAwsError, retryConflict, unlessMissing } from '../../aws/retry.js'
import { diffTags, type Tags } from '../../aws/tags.js'
import { diffProperties, type Change } from '../../engine/change.js'
import type { Operation } from '../../engine/operation.js'
import type { Deletion, Observed, ResourceOptions } from '../../engine/resource.js'
import { UsageError } from '../../errors.js'
import { AwsResource } from '../resource.js'
import { explainLakeFormation } from './lake-formation.js'
import { deleteTables } from './tables.js'

export interface GlueDatabaseProperties {
  description: string
  /** `s3://bucket/prefix/` */
  locationUri: () => string
}

export interface GlueDatabaseAttributes {
  name: string
}

interface ObservedGlueDatabase extends Observed<GlueDatabaseAttributes> {
  properties: { description: string | undefined; locationUri: string | undefined }
  /** As Glue described it: an update replaces everything, so what is not ours is sent back unchanged. */
  database: Database
  tags: Tags
}

/** A database of the Glue catalog (spec §11.1). Its tables belong to the pipeline that writes them. */
export class GlueDatabase extends AwsResource<GlueDatabaseAttributes, ObservedGlueDatabase> {
  readonly type = 'AWS::Glue::Database'
  readonly iamActions = [
    'glue:BatchDeleteTable',
    'glue:CreateDatabase',
    'glue:DeleteDatabase',
    'glue:DeleteTable',
    'glue:GetDatabase',
    'glue:GetTables',
    'glue:GetTags',
    'glue:TagResource',
    'glue:UpdateDatabase',
  ]

  readonly #glue: GlueClient

  /** @throws UsageError GLUE_NAME_INVALID for a name that Athena could not use without quotes */
  constructor(
    aws: AwsContext,
    id: string,
    name: string,
    private readonly properties: GlueDatabaseProperties,
    options: ResourceOptions = {},
  ) {
    super(aws, id, name, options)
    if (!/^[a-z0-9_]{1,255}$/.test(name)) {
      throw new UsageError(
        'GLUE_NAME_INVALID',
        `The database name ${name} is not usable in Athena: only a-z, 0-9 and _ are.`,
      )
    }
    this.#glue = aws.clients.of(GlueClient)
  }

  override get expectedPhysicalId(): string {
    return this.name
  }

  get #arn(): string {
    return this.aws.names.arn('glue', `database/${this.name}`)
  }

  async read(): Promise<ObservedGlueDatabase | undefined> {
    const found = await this.#explained(
      unlessMissing(this.#glue.send(new GetDatabaseCommand({ Name: this.name })), 'EntityNotFoundException'),
    )
    const database = found?.Database
    if (database === undefined) return undefined
    const tagged = await unlessMissing(
      this.#glue.send(new GetTagsCommand({ ResourceArn: this.#arn })),
      'EntityNotFoundException',
    )
    const tags = tagged?.Tags ?? {}
    return {
      physicalId: this.name,
      attributes: { name: this.name },
      owned: this.aws.owns(tags),
      properties: { description: database.Description, locationUri: database.LocationUri },
      database,
      tags,
    }
  }

  diff(observed: ObservedGlueDatabase): Change[] {
    return [
      ...diffProperties(observed.properties, {
        description: this.properties.description,
        locationUri: this.properties.locationUri(),
      }),
      ...diffTags(observed.tags, this.tags),
    ]
  }

  async create(op: Operation): Promise<GlueDatabaseAttributes> {
    try {
      await this.#explained(
        retryConflict(
          () =>
            this.#glue.send(
              new CreateDatabaseCommand({
                DatabaseInput: {
                  Name: this.name,
                  Description: this.properties.description,
                  LocationUri: this.properties.locationUri(),
                },
                Tags: this.tags,
              }),
            ),
          op,
        ),
      )
    } catch (error) {
      // The answer to an earlier attempt was lost on the way: it exists, and if it is ours this is what was asked for.
      if (!isAwsError(error, 'AlreadyExistsException') || !(await this.read())?.owned) throw error
    }
    return { name: this.name }
  }

  async update(
    observed: ObservedGlueDatabase,
    changes: readonly Change[],
    op: Operation,
  ): Promise<GlueDatabaseAttributes> {
    const isTag = (change: Change) => change.path.startsWith('tags.')
    if (!changes.every(isTag)) {
      await this.#explained(
        retryConflict(
          () =>
            this.#glue.send(
              new UpdateDatabaseCommand({
                Name: this.name,
                DatabaseInput: {
                  Name: this.name,
                  Description: this.properties.description,
                  LocationUri: this.properties.locationUri(),
                  Parameters: observed.database.Parameters,
                  CreateTableDefaultPermissions: observed.database.CreateTableDefaultPermissions,
                },
              }),
            ),
          op,
        ),
      )
    }
    if (changes.some(isTag)) {
      await this.#glue.send(new TagResourceCommand({ ResourceArn: this.#arn, TagsToAdd: this.tags }))
    }
    return observed.attributes
  }

  /** Tables first: Glue would remove them too, but at its leisure, and a database made anew would show them again. */
  async delete(_observed: ObservedGlueDatabase, op: Operation): Promise<Deletion> {
    await this.#explained(deleteTables(this.#glue, this.name))
    const gone = await this.#explained(
      retryConflict(
        () =>
          unlessMissing(
            this.#glue.send(new DeleteDatabaseCommand({ Name: this.name })),
            'EntityNotFoundException',
          ),
        op,
      ),
    )
    // moto keeps the tags of a deleted database, and the inventory by tag would list it for ever.
    if (this.aws.emulated) {
      await this.#glue.send(
        new UntagResourceCommand({ ResourceArn: this.#arn, TagsToRemove: Object.keys(this.tags) }),
      )
    }
    return { status: gone === undefined ? 'absent' : 'deleted' }
  }

  #explained<T>(call: Promise<T>): Promise<T> {
    return explainLakeFormation(call, this.name)
  }
}
