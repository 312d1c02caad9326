import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { expect } from 'chai'
import type { AwsContext } from '../../../src/aws/context.js'
import { LocalOrchestrator } from '../../../src/local/orchestrator.js'
import type { WorkerInput } from '../../../src/operate/orchestrator.js'
import { openQuery } from '../../../src/operate/query/query.js'
import { firstName } from '../../../src/operate/run/work.js'
import { ALL_FAULTS } from '../../support/faults.js'
import { resetMoto, startMoto, type Moto } from '../../support/moto.js'
import { Operator } from '../../support/realism/environment.js'
import { deliverUnordered } from '../../support/weather/events.js'
import { chosenSeeds } from '../../support/weather/seeds.js'
import { configOf, contentOf, type File } from '../../support/weather/variants.js'

const never = new AbortController().signal
const file = (name: string, first: number, rows: number): File => ({
  name,
  ids: Array.from({ length: rows }, (_, index) => first + index),
})
/** In the order in which they are uploaded: two keys have two versions, one has three. */
const UPLOADS = [
  file('a.csv', 1, 10),
  file('b.csv', 100, 20),
  file('a.csv', 5, 12),
  file('c.csv', 200, 7),
  file('b.csv', 300, 3),
  file('a.csv', 400, 5),
]
const LATEST = [...new Map(UPLOADS.map((upload) => [upload.name, upload])).values()]

describe('events that come twice, and in the wrong order', function () {
  this.timeout(300_000)
  let moto: Moto
  before(async () => {
    moto = await startMoto()
  })
  after(() => moto.stop())

  const rows = async (aws: AwsContext) => {
    const context = { signal: never, onProgress: () => undefined }
    const stream = await openQuery(aws, 'select id from readings order by id', 'duckdb', context)
    const ids: number[] = []
    for await (const batch of stream.batches) ids.push(...batch.map(([id]) => Number(id)))
    await stream.close()
    return ids
  }

  for (const seed of chosenSeeds({ FAULTS_SEED: process.env.FAULTS_SEED }, ALL_FAULTS ? 12 : 1)) {
    it(`leave the rows of the latest versions, each once: seed ${seed}`, async () => {
      await resetMoto(moto.endpoint)
      const operator = new Operator(moto.endpoint)
      await operator.up(configOf('default'))
      await operator.as(configOf('default'), async (aws) => {
        const s3 = aws.clients.of(S3Client)
        const bucket = aws.names.bucket('raw')
        const events: { name: string; input: WorkerInput }[] = []
        for (const upload of UPLOADS) {
          const key = `inbox/readings/${upload.name}`
          const Body = contentOf(upload)
          const { VersionId = '' } = await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body }))
          const object = { bucket, key, versionId: VersionId, bytes: Body.length }
          const input = { bucket, key, versionId: VersionId, size: Body.length, source: 's3-event' }
          events.push({ name: firstName(object), input })
        }
        const orchestrator = new LocalOrchestrator({ aws, concurrency: 2 })
        const started: string[] = []
        const { deliveries } = await deliverUnordered(events, seed, async ({ input, name }) => {
          if ((await orchestrator.start(name, input)) === 'started') started.push(name)
          const { status } = await orchestrator.watch(name, () => undefined, never)
          expect(status).to.equal('SUCCEEDED')
        })
        await orchestrator.close()
        expect(deliveries).to.be.greaterThan(events.length)
        expect(started, 'each version once').to.have.members(events.map(({ name }) => name))
        const wanted = LATEST.flatMap(({ ids }) => ids).sort((a, b) => a - b)
        expect(await rows(aws)).to.deep.equal(wanted)
      })
    })
  }
})
