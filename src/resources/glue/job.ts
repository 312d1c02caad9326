import {
  CreateJobCommand,
  DeleteJobCommand,
  GetJobCommand,
  GetTagsCommand,
  GlueClient,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateJobCommand,
  type Job,
} from '@aws-sdk/client-glue'
import type { AwsContext } from '../../aws/context.js'
import { PRICES } from '../../aws/prices.js'
import { isAwsError, retryConflict, retryPropagation, unlessMissing } from '../../aws/retry.js'
import { diffTags, type Tags } from '../../aws/tags.js'
import { diffProperties, type Change } from '../../engine/change.js'
import type { Operation } from '../../engine/operation.js'
import type { Deletion, Observed, ResourceOptions } from '../../engine/resource.js'
import { AwsResource } from '../resource.js'
import { stopJobRuns } from './job-runs.js'
import {
  jobSettings,
  jobSettingsRequest,
  keptSettings,
  type GlueJobProperties,
  type JobSettings,
  type SparkWorkerType,
} from './job-settings.js'
import { explainLakeFormation } from './lake-formation.js'

export interface GlueJobAttributes {
  name: string
  arn: string
}

interface ObservedGlueJob extends Observed<GlueJobAttributes> {
  properties: JobSettings
  /** As Glue described it. */
  job: Job
  tags: Tags
}

const MISSING = 'EntityNotFoundException'

/** DPUs per worker (https://docs.aws.amazon.com/glue/latest/dg/worker-types.html). */
const DPUS: Record<SparkWorkerType, number> = { 'G.1X': 1, 'G.2X': 2, 'G.4X': 4, 'G.8X': 8 }

/** A Glue Spark job: nothing runs, and nothing costs, until somebody starts a run (spec §11.4). */
export class GlueJob extends AwsResource<GlueJobAttributes, ObservedGlueJob> {
  readonly type = 'AWS::Glue::Job'
  readonly iamActions = [
    'glue:BatchStopJobRun',
    'glue:CreateJob',
    'glue:DeleteJob',
    'glue:GetJob',
    'glue:GetJobRuns',
    'glue:GetTags',
    'glue:TagResource',
    'glue:UpdateJob',
    'iam:PassRole',
  ]

  readonly #glue: GlueClient

  constructor(
    aws: AwsContext,
    id: string,
    name: string,
    private readonly properties: GlueJobProperties,
    options: ResourceOptions = {},
  ) {
    super(aws, id, name, options)
    this.#glue = aws.clients.of(GlueClient)
  }

  override get expectedPhysicalId(): string {
    return this.name
  }

  /** Known from the name alone. */
  override get attributes(): GlueJobAttributes {
    return { name: this.name, arn: this.aws.names.arn('glue', `job/${this.name}`) }
  }

  /** US dollars for an hour in which a run has all its workers. A minute is the least that a run costs. */
  get hourlyUsd(): number {
    const { flex, workers, workerType } = this.properties
    return (flex ? PRICES.items.glueFlexDpuHour : PRICES.items.glueDpuHour).usd * DPUS[workerType] * workers
  }

  async read(): Promise<ObservedGlueJob | undefined> {
    const found = await unlessMissing(this.#glue.send(new GetJobCommand({ JobName: this.name })), MISSING)
    const job = found?.Job
    if (job === undefined) return undefined
    const tagged = await unlessMissing(
      this.#glue.send(new GetTagsCommand({ ResourceArn: this.attributes.arn })),
      MISSING,
    )
    const tags = tagged?.Tags ?? {}
    return {
      physicalId: this.name,
      attributes: this.attributes,
      owned: this.aws.owns(tags),
      properties: jobSettings(job),
      job,
      tags,
    }
  }

  diff(observed: ObservedGlueJob): Change[] {
    const desired = jobSettings(jobSettingsRequest(this.properties))
    return [
      // moto does not keep whether runs are queued.
      ...diffProperties(
        observed.properties,
        this.aws.emulated ? { ...desired, queuing: undefined } : desired,
      ),
      ...diffTags(observed.tags, this.tags),
    ]
  }

  async create(op: Operation): Promise<GlueJobAttributes> {
    try {
      await this.#settled(
        () =>
          this.#glue.send(
            new CreateJobCommand({
              Name: this.name,
              ...jobSettingsRequest(this.properties),
              Tags: this.tags,
            }),
          ),
        op,
      )
    } catch (error) {
      // The answer to an earlier attempt was lost on the way: it exists, and if it is ours this is what was asked for.
      const taken = isAwsError(error, 'AlreadyExistsException', 'IdempotentParameterMismatchException')
      if (!taken || !(await this.read())?.owned) throw error
    }
    return this.attributes
  }

  async update(
    observed: ObservedGlueJob,
    changes: readonly Change[],
    op: Operation,
  ): Promise<GlueJobAttributes> {
    const isTag = (change: Change) => change.path.startsWith('tags.')
    if (!changes.every(isTag)) {
      // moto has no UpdateJob; its runs are over as soon as they are looked at.
      if (this.aws.emulated) {
        await this.delete(observed, op)
        return this.create(op)
      }
      const settings = jobSettingsRequest(this.properties)
      await this.#settled(
        () =>
          this.#glue.send(
            new UpdateJobCommand({
              JobName: this.name,
              JobUpdate: {
                ...keptSettings(observed.job),
                ...settings,
                DefaultArguments: { ...observed.properties.arguments, ...settings.DefaultArguments },
              },
            }),
          ),
        op,
      )
    }
    if (changes.some(isTag)) {
      await this.#glue.send(
        new TagResourceCommand({ ResourceArn: this.attributes.arn, TagsToAdd: this.tags }),
      )
    }
    return this.attributes
  }

  async delete(_observed: ObservedGlueJob, op: Operation): Promise<Deletion> {
    await stopJobRuns(this.#glue, this.name, op)
    // Says nothing about whether there was one (spec §11.4).
    await retryConflict(() => this.#glue.send(new DeleteJobCommand({ JobName: this.name })), op)
    // moto keeps the tags of what is deleted.
    if (this.aws.emulated) {
      await this.#glue.send(
        new UntagResourceCommand({
          ResourceArn: this.attributes.arn,
          TagsToRemove: Object.keys(this.tags),
        }),
      )
    }
    return { status: 'deleted' }
  }

  #settled<T>(action: () => Promise<T>, op: Operation): Promise<T> {
    return explainLakeFormation(
      retryConflict(() => retryPropagation(action, op), op),
      this.aws.names.database,
    )
  }
}
