import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { z } from 'zod'
import type { AwsContext } from '../../aws/context.js'
import { unlessMissing } from '../../aws/retry.js'
import { LEASE_PREFIX } from '../../aws/s3-lease-store.js'
import { resolveEnvironment } from '../../config/environments.js'
import { parseConfig } from '../../config/load.js'
import type { Environment } from '../../config/schema.js'
import { canonical } from '../../engine/change.js'
import { messageOf } from '../../errors.js'
import { VERSION } from '../../version.js'

const recordSchema = z.object({
  schemaVersion: z.literal(1),
  /** Version of datapipe. */
  datapipe: z.string(),
  /** ISO time at which that `up` ended. */
  at: z.string(),
  /** ISO time at which an `up` with other settings began, of which nobody knows the end. */
  unfinishedSince: z.string().optional(),
  /** Tag of the image that it deployed, where datapipe builds it. */
  image: z.string().optional(),
  settings: z.record(z.string(), z.unknown()),
})

/**
 * What the last `up` was asked for: a note for `drift`, which tells from it what somebody changed in AWS and what was only
 * changed in datapipe.yaml. Nothing else reads it; whoever loses it loses that difference and nothing more.
 */
export type Applied = z.infer<typeof recordSchema>

/** Where a run acts and how it may: nothing that AWS would show. */
const ELSEWHERE: readonly string[] = ['name', 'region', 'account', 'profile', 'protect', 'endpoint']

/** What of an environment decides about its resources, as JSON. */
export function settingsOf(environment: Environment): Record<string, unknown> {
  const settings = Object.entries(environment).filter(([key]) => !ELSEWHERE.includes(key))
  return JSON.parse(JSON.stringify(Object.fromEntries(settings))) as Record<string, unknown>
}

/**
 * The environment as it was applied, acting where the present one acts.
 * @throws UsageError when this version of datapipe cannot read it
 */
export function environmentOf({ settings }: Applied, present: Environment): Environment {
  const file = parseConfig(JSON.stringify(settings), 'the settings of the last up')
  const { account, endpoint, name, profile, protect, region } = present
  return { ...resolveEnvironment(file, name), account, endpoint, profile, protect, region }
}

export function isSame(applied: Applied, settings: Record<string, unknown>): boolean {
  return canonical(applied.settings) === canonical(settings)
}

/** Beside the lease: it must be readable when the key of the bucket is disabled, which is a drift like any other. */
function location(aws: AwsContext) {
  return {
    Bucket: aws.names.bucket('artifacts'),
    Key: `${LEASE_PREFIX}${aws.env}.applied.json`,
    ExpectedBucketOwner: aws.account,
  }
}

/** undefined when there is none, or none that this version understands. */
export async function readApplied(aws: AwsContext): Promise<Applied | undefined> {
  const answer = await unlessMissing(
    aws.clients.of(S3Client).send(new GetObjectCommand(location(aws))),
    'NoSuchKey',
    'NoSuchBucket',
    // Somebody else's bucket, or a missing permission: reading the bucket itself says so, and better.
    'AccessDenied',
  )
  if (answer?.Body === undefined) return undefined
  try {
    return recordSchema.parse(JSON.parse(await answer.Body.transformToString()))
  } catch {
    return undefined
  }
}

async function writeApplied(aws: AwsContext, applied: Applied): Promise<void> {
  await aws.clients.of(S3Client).send(
    new PutObjectCommand({
      ...location(aws),
      Body: `${JSON.stringify(applied, null, 2)}\n`,
      ContentType: 'application/json',
      ServerSideEncryption: 'AES256',
    }),
  )
}

/** Keeps the note true through one `up`, which holds the lease. That it cannot be written fails nothing: it is only a note. */
export class AppliedNote {
  readonly #settings: Record<string, unknown>
  #known: Applied | undefined

  constructor(
    private readonly aws: AwsContext,
    environment: Environment,
    /** Tag of the image that is deployed. */
    private readonly image: string | undefined,
    private readonly onWarning: (message: string) => void = () => undefined,
  ) {
    this.#settings = settingsOf(environment)
  }

  /** Before anything is changed: from here on, what is seen may be the doing of this run. */
  begin(): Promise<void> {
    return this.#unlessRefused(() => this.#begin())
  }

  /**
   * When everything is as it was asked for. Writes nothing when the note says so already.
   * @param assertHeld throws when the lease is lost: another run may be at it
   */
  end(assertHeld: () => void): Promise<void> {
    return this.#unlessRefused(() => {
      assertHeld()
      return this.#end()
    })
  }

  async #begin(): Promise<void> {
    this.#known = await readApplied(this.aws)
    const known = this.#known
    if (known === undefined || known.unfinishedSince !== undefined || this.#isCurrent(known)) return
    await writeApplied(this.aws, { ...known, unfinishedSince: new Date().toISOString() })
    this.#known = { ...known, unfinishedSince: '' }
  }

  async #end(): Promise<void> {
    const known = this.#known
    if (known !== undefined && known.unfinishedSince === undefined && this.#isCurrent(known)) return
    await writeApplied(this.aws, {
      schemaVersion: 1,
      datapipe: VERSION,
      at: new Date().toISOString(),
      ...(this.image !== undefined && { image: this.image }),
      settings: this.#settings,
    })
  }

  async #unlessRefused(action: () => Promise<void>): Promise<void> {
    try {
      await action()
    } catch (error) {
      this.onWarning(
        `What this run was asked for could not be noted, so \`drift\` cannot tell it from changes by hand: ${messageOf(error)}`,
      )
    }
  }

  #isCurrent(known: Applied): boolean {
    return known.datapipe === VERSION && known.image === this.image && isSame(known, this.#settings)
  }
}
