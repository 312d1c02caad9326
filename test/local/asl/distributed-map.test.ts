import { expect } from 'chai'
import { StatesError } from '../../../src/local/asl/errors.js'
import type { TaskHandler } from '../../../src/local/asl/interpreter.js'
import type { Json } from '../../../src/local/asl/json.js'
import { MapRuns, type ItemCounts } from '../../../src/local/asl/map-runs.js'
import { machine, run } from './run.js'

const LIST = 'arn:aws:states:::s3:listObjectsV2'

function map(fields: object = {}, child: object = { Type: 'Task', Resource: 'work', End: true }): object {
  return machine({
    Each: {
      Type: 'Map',
      Label: 'Files',
      ItemReader: { Resource: LIST, Parameters: { Bucket: 'b', 'Prefix.$': '$.prefix' } },
      ItemSelector: { 'key.$': '$$.Map.Item.Value.Key', 'run.$': '$$.Execution.Name' },
      MaxConcurrency: 2,
      ToleratedFailurePercentage: 100,
      ItemProcessor: {
        ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
        ...machine({ Work: child }),
      },
      ResultWriter: { Resource: 'arn:aws:states:::s3:putObject', Parameters: { Bucket: 'r', Prefix: 'p' } },
      End: true,
      ...fields,
    },
  })
}

const items = (count: number): Json[] => Array.from({ length: count }, (_, n) => ({ Key: `k${n}` }))

function go(definition: object, work: TaskHandler, list: TaskHandler = () => Promise.resolve(items(4))) {
  const counts: ItemCounts[] = []
  const outcome = run(
    definition,
    { prefix: 'p/' },
    { handlers: { [LIST]: list, work }, mapRuns: new MapRuns((now) => counts.push(now)) },
  )
  return { outcome, counts }
}

describe('a distributed map', () => {
  it('runs a child execution of its own for each item, and says where the results are', async () => {
    const seen: { parameters: Json; id: string }[] = []
    const { outcome } = go(map(), ({ context, parameters }) => {
      const { Execution: execution } = context as { Execution: { Id: string; Name: string } }
      expect(execution.Id.endsWith(`:${execution.Name}`)).to.equal(true)
      seen.push({ parameters, id: execution.Id })
      return Promise.resolve({})
    })
    const { output, status } = await outcome
    expect(status).to.equal('SUCCEEDED')
    expect(seen.map(({ parameters }) => parameters)).to.deep.equal(
      items(4).map((_, n) => ({ key: `k${n}`, run: 'test' })),
    )
    expect(new Set(seen.map(({ id }) => id)).size).to.equal(4)
    for (const { id } of seen) expect(id).to.include(':execution:dp-dev-test/Files:')
    const { MapRunArn: mapRunArn, ResultWriterDetails: details } = output as {
      MapRunArn: string
      ResultWriterDetails: { Bucket: string; Key: string }
    }
    expect(mapRunArn).to.include(':mapRun:dp-dev-test/Files:')
    expect(details.Bucket).to.equal('r')
    expect(details.Key).to.match(/^p\/[0-9a-f-]{36}\/manifest\.json$/)
  })

  const second: TaskHandler = ({ parameters }) =>
    (parameters as { key: string }).key === 'k1'
      ? Promise.reject(new StatesError('Bad', 'one is'))
      : Promise.resolve({})

  it('goes on when a child fails, and counts it', async () => {
    const { counts, outcome } = go(map(), second)
    expect((await outcome).status).to.equal('SUCCEEDED')
    expect(counts.at(-1)).to.deep.include({ total: 4, succeeded: 3, failed: 1, pending: 0, running: 0 })
  })

  it('fails in the end when more children failed than it tolerates', async () => {
    const { outcome } = go(map({ ToleratedFailurePercentage: 24 }), second)
    expect(await outcome).to.include({ status: 'FAILED', error: 'States.ExceedToleratedFailureThreshold' })
    expect((await go(map({ ToleratedFailurePercentage: 25 }), second).outcome).status).to.equal('SUCCEEDED')
    const none = go(map({ ToleratedFailurePercentage: undefined }), second)
    expect((await none.outcome).status).to.equal('FAILED')
  })

  it('has nothing to do for an empty list', async () => {
    const { counts, outcome } = go(map(), second, () => Promise.resolve([]))
    expect((await outcome).status).to.equal('SUCCEEDED')
    expect(counts).to.have.length(1)
  })

  it('fails when it cannot read its items, in a way that can be caught', async () => {
    const denied: TaskHandler = () => Promise.reject(new StatesError('S3.S3Exception', 'Access Denied'))
    const { outcome } = go(map(), second, denied)
    expect(await outcome).to.include({
      status: 'FAILED',
      error: 'States.ItemReaderFailed',
      cause: 'Access Denied',
    })
  })

  it('stops with its execution: nothing new is started', async () => {
    const stop = new AbortController()
    let started = 0
    const counts: ItemCounts[] = []
    const outcome = await run(
      map({ MaxConcurrency: 1 }),
      { prefix: 'p/' },
      {
        handlers: {
          [LIST]: () => Promise.resolve(items(4)),
          work: () => {
            started++
            stop.abort()
            return Promise.resolve({})
          },
        },
        mapRuns: new MapRuns((now) => counts.push(now)),
        signal: stop.signal,
      },
    )
    expect([outcome.status, started]).to.deep.equal(['ABORTED', 1])
    expect(counts.at(-1)).to.deep.include({ aborted: 4, pending: 0, running: 0 })
  })

  it('of other kinds is refused', () => {
    for (const fields of [
      { ItemReader: { Resource: 'arn:aws:states:::s3:getObject', ReaderConfig: { InputType: 'CSV' } } },
      { ResultWriter: undefined },
      { ItemBatcher: { MaxItemsPerBatch: 2 } },
      { ToleratedFailureCount: 1 },
    ]) {
      expect(() => void run(map(fields), {}))
        .to.throw()
        .with.property('code', 'UNSUPPORTED_DEFINITION')
    }
  })
})
