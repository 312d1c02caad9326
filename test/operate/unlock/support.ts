import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import type { AwsContext } from '../../../src/aws/context.js'
import { LEASE_PREFIX } from '../../../src/aws/s3-lease-store.js'
import {
  formatRecord,
  newRecord,
  type LeaseHolder,
  type LeaseRecord,
} from '../../../src/engine/lease-record.js'
import { TTL_MS } from '../../../src/engine/lease-terms.js'
import { holderOf } from '../../../src/operate/provision/lease.js'
import { resetMoto, startMoto, type Moto } from '../../support/moto.js'
import { emulatedContext } from '../support.js'

const OTHER: LeaseHolder = { user: 'ada', host: 'buildbox', pid: 42, command: 'datapipe up --env dev' }

/** The artifacts bucket of an environment, on a moto of its own, and who holds its lease. */
export class LeaseBucket {
  /** Of somebody who heeds no lease. */
  readonly #s3: S3Client
  readonly #at: { Bucket: string; Key: string }

  private constructor(
    readonly moto: Moto,
    readonly aws: AwsContext,
  ) {
    this.#s3 = emulatedContext(moto.endpoint).clients.of(S3Client)
    this.#at = { Bucket: aws.names.bucket('artifacts'), Key: `${LEASE_PREFIX}${aws.env}.json` }
  }

  static async start(): Promise<LeaseBucket> {
    const moto = await startMoto()
    return new LeaseBucket(moto, emulatedContext(moto.endpoint))
  }

  async reset(): Promise<void> {
    await resetMoto(this.moto.endpoint)
    await this.#s3.send(new CreateBucketCommand({ Bucket: this.#at.Bucket }))
  }

  async stop(): Promise<void> {
    this.#s3.destroy()
    this.aws.clients.destroy()
    await this.moto.stop()
  }

  async put(body: string): Promise<void> {
    await this.#s3.send(new PutObjectCommand({ ...this.#at, Body: body }))
  }

  /** Held by a run on another machine. */
  async holdElsewhere(user = 'ada'): Promise<LeaseRecord> {
    const record = newRecord({ ...OTHER, user }, Date.now(), TTL_MS)
    await this.put(formatRecord(record))
    return record
  }

  /** Held by a run on this machine that was killed. */
  async holdDead(): Promise<LeaseRecord> {
    const holder = { ...(await holderOf(this.aws, 'up')), user: 'ada', processStartedAt: 'long ago' }
    const record = newRecord(holder, Date.now(), TTL_MS)
    await this.put(formatRecord(record))
    return record
  }

  async free(): Promise<void> {
    await this.#s3.send(new DeleteObjectCommand(this.#at))
  }

  /** What is stored; '' when nothing is. */
  async text(): Promise<string> {
    try {
      const { Body: body } = await this.#s3.send(new GetObjectCommand(this.#at))
      return (await body?.transformToString()) ?? ''
    } catch {
      return ''
    }
  }
}
