import {
  CreateCrawlerCommand,
  DeleteCrawlerCommand,
  GetCrawlerCommand,
  GetTagsCommand,
  GlueClient,
  StartCrawlerScheduleCommand,
  StopCrawlerCommand,
  StopCrawlerScheduleCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateCrawlerCommand,
  type Crawler,
} from '@aws-sdk/client-glue'
import type { AwsContext } from '../../aws/context.js'
import { isAwsError, retryPropagation, unlessMissing } from '../../aws/retry.js'
import { diffTags, type Tags } from '../../aws/tags.js'
import { diffProperties, type Change } from '../../engine/change.js'
import type { Operation } from '../../engine/operation.js'
import type { Deletion, Observed, ResourceOptions } from '../../engine/resource.js'
import { retryWhile, waitFor } from '../../engine/wait.js'
import { messageOf } from '../../errors.js'
import { AwsResource } from '../resource.js'
import {
  crawlerRequest,
  desiredSettings,
  settingsOf,
  type CrawlerProperties,
  type CrawlerSettings,
} from './crawler-settings.js'
import { explainLakeFormation } from './lake-formation.js'

export interface CrawlerAttributes {
  name: string
  arn: string
}

interface ObservedCrawler extends Observed<CrawlerAttributes> {
  properties: CrawlerSettings
  /** It has an expression, but was stopped. */
  scheduleStopped: boolean
  tags: Tags
}

const MISSING = 'EntityNotFoundException'
/** A crawl takes minutes, and stopping one nearly as long. */
const READY_MS = 1_800_000

/**
 * A Glue crawler over files in S3 (spec §11.2). Glue changes and deletes it only while it does not crawl: a change waits for
 * the crawl that runs, a deletion stops it. It is a singleton: whoever starts it while it runs gets the crawl that runs.
 */
export class GlueCrawler extends AwsResource<CrawlerAttributes, ObservedCrawler> {
  readonly type = 'AWS::Glue::Crawler'
  readonly iamActions = [
    'glue:CreateCrawler',
    'glue:DeleteCrawler',
    'glue:GetCrawler',
    'glue:GetTags',
    'glue:StartCrawlerSchedule',
    'glue:StopCrawler',
    'glue:StopCrawlerSchedule',
    'glue:TagResource',
    'glue:UpdateCrawler',
    'iam:PassRole',
  ]

  readonly #glue: GlueClient

  constructor(
    aws: AwsContext,
    id: string,
    name: string,
    private readonly properties: CrawlerProperties,
    options: ResourceOptions = {},
  ) {
    super(aws, id, name, options)
    this.#glue = aws.clients.of(GlueClient)
  }

  override get expectedPhysicalId(): string {
    return this.name
  }

  /** Known from the name alone. */
  override get attributes(): CrawlerAttributes {
    return { name: this.name, arn: this.aws.names.arn('glue', `crawler/${this.name}`) }
  }

  async read(): Promise<ObservedCrawler | undefined> {
    const crawler = await this.#get()
    if (crawler === undefined) return undefined
    const tagged = await unlessMissing(
      this.#glue.send(new GetTagsCommand({ ResourceArn: this.attributes.arn })),
      MISSING,
    )
    const tags = tagged?.Tags ?? {}
    return {
      physicalId: this.name,
      attributes: this.attributes,
      owned: this.aws.owns(tags),
      properties: settingsOf(crawler),
      scheduleStopped: crawler.Schedule?.State === 'NOT_SCHEDULED',
      tags,
    }
  }

  diff(observed: ObservedCrawler): Change[] {
    return [
      ...diffProperties(observed.properties, desiredSettings(this.properties)),
      ...diffTags(observed.tags, this.tags),
    ]
  }

  /** @throws DatapipeError LAKE_FORMATION_DENIED */
  async create(op: Operation): Promise<CrawlerAttributes> {
    try {
      const create = new CreateCrawlerCommand({
        ...crawlerRequest(this.name, this.properties),
        Schedule: this.properties.schedule,
        Tags: this.tags,
      })
      await this.#settled(() => this.#granted(() => this.#glue.send(create), op), op)
    } catch (error) {
      // The answer to an earlier attempt was lost on the way: it exists, and if it is ours this is what was asked for.
      if (!isAwsError(error, 'AlreadyExistsException') || !(await this.read())?.owned) throw error
    }
    return this.attributes
  }

  async update(
    observed: ObservedCrawler,
    changes: readonly Change[],
    op: Operation,
  ): Promise<CrawlerAttributes> {
    const isTag = (change: Change) => change.path.startsWith('tags.')
    const { schedule } = this.properties
    if (!changes.every(isTag)) {
      // moto has no UpdateCrawler; what a crawler of it knows is nothing that could be lost.
      if (this.aws.emulated) {
        await this.delete(observed, op)
        return this.create(op)
      }
      await this.#settled(
        () =>
          this.#glue.send(
            new UpdateCrawlerCommand({ ...crawlerRequest(this.name, this.properties), Schedule: schedule }),
          ),
        op,
      )
    }
    if (changes.some(({ path }) => path === 'schedule')) await this.#setSchedule(observed, op)
    if (changes.some(isTag)) {
      await this.#glue.send(
        new TagResourceCommand({ ResourceArn: this.attributes.arn, TagsToAdd: this.tags }),
      )
    }
    return this.attributes
  }

  /** Stops a crawl that runs: it could go on for hours, and what it would find is found again. */
  async delete(_observed: ObservedCrawler, op: Operation): Promise<Deletion> {
    const stopped = await unlessMissing(
      this.#glue.send(new StopCrawlerCommand({ Name: this.name })),
      'CrawlerNotRunningException',
      'CrawlerStoppingException',
      MISSING,
    )
    // moto's crawls never end, and it deletes a crawler in any state.
    if (!this.aws.emulated || stopped === undefined) await this.#ready(op)
    const gone = await unlessMissing(
      this.#whenReady(() => this.#glue.send(new DeleteCrawlerCommand({ Name: this.name })), op),
      MISSING,
    )
    // moto keeps the tags of what is deleted.
    if (this.aws.emulated) {
      await this.#glue.send(
        new UntagResourceCommand({
          ResourceArn: this.attributes.arn,
          TagsToRemove: Object.keys(this.tags),
        }),
      )
    }
    return { status: gone === undefined ? 'absent' : 'deleted' }
  }

  async #get(): Promise<Crawler | undefined> {
    const found = await unlessMissing(this.#glue.send(new GetCrawlerCommand({ Name: this.name })), MISSING)
    return found?.Crawler
  }

  /** An update sets an expression but can neither take it away nor start one that was stopped. */
  async #setSchedule({ scheduleStopped }: ObservedCrawler, op: Operation): Promise<void> {
    if (this.properties.schedule === undefined) {
      await this.#whenReady(
        () =>
          unlessMissing(
            this.#glue.send(new StopCrawlerScheduleCommand({ CrawlerName: this.name })),
            'SchedulerNotRunningException',
          ),
        op,
      )
    } else if (scheduleStopped) {
      await this.#whenReady(
        () =>
          unlessMissing(
            this.#glue.send(new StartCrawlerScheduleCommand({ CrawlerName: this.name })),
            'SchedulerRunningException',
          ),
        op,
      )
    }
  }

  /** Waits until no crawl runs and none is being stopped. A crawler that is gone is ready too. */
  async #ready(op: Operation): Promise<void> {
    await waitFor(
      {
        what: `crawler ${this.name} to stop crawling`,
        poll: () => this.#get(),
        check: (crawler) =>
          crawler === undefined || (crawler.State ?? 'READY') === 'READY' ? 'done' : 'pending',
        timeoutMs: READY_MS,
        minDelayMs: 1000,
        maxDelayMs: 15_000,
      },
      op,
    )
  }

  #whenReady<T>(action: () => Promise<T>, op: Operation): Promise<T> {
    return retryWhile(
      action,
      {
        what: `waiting for crawler ${this.name} to stop crawling`,
        retryable: (error) =>
          isAwsError(
            error,
            'CrawlerRunningException',
            'CrawlerStoppingException',
            'SchedulerTransitioningException',
            'ConcurrentModificationException',
          ),
        timeoutMs: READY_MS,
        minDelayMs: 1000,
        maxDelayMs: 15_000,
      },
      op,
    )
  }

  /** Lake Formation learns of a new role late: what it says in the first two minutes may not be its last word (spec §14). */
  #granted<T>(action: () => Promise<T>, op: Operation): Promise<T> {
    return retryWhile(
      action,
      {
        what: 'waiting for Lake Formation to see the new role',
        retryable: (error) => messageOf(error).includes('Insufficient Lake Formation permission'),
        timeoutMs: 120_000,
      },
      op,
    )
  }

  /** First uses of a new role; a crawl that runs; and what Lake Formation may have to say. */
  #settled<T>(action: () => Promise<T>, op: Operation): Promise<T> {
    return explainLakeFormation(
      this.#whenReady(() => retryPropagation(action, op), op),
      this.properties.database(),
    )
  }
}
