import {
  AthenaClient,
  BatchGetNamedQueryCommand,
  CreateNamedQueryCommand,
  DeleteNamedQueryCommand,
  ListNamedQueriesCommand,
  UpdateNamedQueryCommand,
  type NamedQuery,
} from '@aws-sdk/client-athena'
import { expect } from 'chai'
import { AthenaNamedQuery } from '../../../src/resources/athena/named-query.js'
import { testContext } from '../../support/resource.js'
import { suiteMock } from '../../support/suite-mock.js'

function named(name: string, message = name): Error {
  return Object.assign(new Error(message), { name })
}

describe('AthenaNamedQuery', () => {
  const athena = suiteMock(AthenaClient)
  const properties = {
    description: 'datapipe sensors/dev: latest',
    workgroup: 'dp-sensors-dev',
    database: 'dp_sensors_dev',
    sql: 'select 1',
  }
  const query = new AthenaNamedQuery(
    testContext(),
    'catalog/query/latest',
    'dp-sensors-dev/latest',
    properties,
  )
  const stored: NamedQuery = {
    Name: query.name,
    NamedQueryId: 'q-1',
    Description: properties.description,
    Database: properties.database,
    QueryString: properties.sql,
    WorkGroup: properties.workgroup,
  }
  const failure = (promise: Promise<unknown>) =>
    promise.then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
  function existing(...queries: NamedQuery[]): void {
    athena
      .on(ListNamedQueriesCommand)
      .resolves({ NamedQueryIds: queries.map(({ NamedQueryId }) => NamedQueryId ?? '') })
    athena.on(BatchGetNamedQueryCommand).resolves({ NamedQueries: queries })
  }
  const paths = async () => query.diff((await query.read())!).map((change) => change.path)

  beforeEach(() => athena.reset())

  it('is absent without a workgroup, without queries, and beside those of other names', async () => {
    athena
      .on(ListNamedQueriesCommand)
      .rejects(named('InvalidRequestException', 'WorkGroup dp-sensors-dev is not found.'))
    expect(await query.read()).to.equal(undefined)
    existing()
    expect(await query.read()).to.equal(undefined)
    expect(athena.commandCalls(BatchGetNamedQueryCommand)).to.have.length(0)
    existing({ ...stored, Name: 'somebody else' })
    expect(await query.read()).to.equal(undefined)
  })

  it('passes other bad requests on', async () => {
    athena.on(ListNamedQueriesCommand).rejects(named('InvalidRequestException', 'Invalid token'))
    expect(await failure(query.read())).to.include({ message: 'Invalid token' })
  })

  it('is found by its name on any page, fifty at a time', async () => {
    const others = Array.from({ length: 69 }, (_, index) => ({
      ...stored,
      Name: `other ${index}`,
      NamedQueryId: `o-${index}`,
    }))
    const all = [...others, { ...stored, NamedQueryId: 'q-1' }]
    athena
      .on(ListNamedQueriesCommand)
      .resolvesOnce({ NamedQueryIds: all.slice(0, 40).map((q) => q.NamedQueryId), NextToken: 'more' })
      .resolves({ NamedQueryIds: all.slice(40).map((q) => q.NamedQueryId) })
    athena
      .on(BatchGetNamedQueryCommand)
      .callsFake(({ NamedQueryIds }: { NamedQueryIds: string[] }) =>
        Promise.resolve({ NamedQueries: all.filter((q) => NamedQueryIds.includes(q.NamedQueryId)) }),
      )
    const observed = (await query.read())!
    expect(observed).to.deep.include({ physicalId: 'q-1', owned: true, attributes: { queryId: 'q-1' } })
    expect(query.diff(observed)).to.deep.equal([])
    const sizes = athena
      .commandCalls(BatchGetNamedQueryCommand)
      .map((call) => call.args[0].input.NamedQueryIds!.length)
    expect(sizes).to.deep.equal([50, 20])
  })

  it('stops when there are two of its name', async () => {
    existing(stored, { ...stored, NamedQueryId: 'q-2' })
    expect(await failure(query.read())).to.include({ code: 'DUPLICATE_RESOURCE' })
  })

  it('does not take a query that Athena did not show for one that is not there', async () => {
    existing(stored)
    athena.on(BatchGetNamedQueryCommand).resolves({
      NamedQueries: [],
      UnprocessedNamedQueryIds: [
        { NamedQueryId: 'q-1', ErrorCode: 'INTERNAL_ERROR', ErrorMessage: 'try again' },
      ],
    })
    expect(await failure(query.read())).to.include({ code: 'ATHENA_QUERY_UNREADABLE' })
  })

  it('names each property that drifted; the database alone cannot be changed', async () => {
    existing({ ...stored, Description: 'x' })
    expect(await paths()).to.deep.equal(['description'])
    existing({ ...stored, QueryString: 'select 2' })
    expect(await paths()).to.deep.equal(['sql'])
    existing({ ...stored, Database: 'other' })
    const [change] = query.diff((await query.read())!)
    expect(change).to.deep.equal({
      path: 'database',
      from: 'other',
      to: 'dp_sensors_dev',
      replaces: true,
    })
  })

  it('is created in its workgroup', async () => {
    athena.on(CreateNamedQueryCommand).resolves({ NamedQueryId: 'q-1' })
    expect(await query.create()).to.deep.equal({ queryId: 'q-1' })
    expect(athena.commandCalls(CreateNamedQueryCommand)[0]!.args[0].input).to.deep.include({
      Name: 'dp-sensors-dev/latest',
      WorkGroup: 'dp-sensors-dev',
      Database: 'dp_sensors_dev',
      QueryString: 'select 1',
    })
  })

  it('is updated by its id and keeps it', async () => {
    existing({ ...stored, QueryString: 'select 2' })
    athena.on(UpdateNamedQueryCommand).resolves({})
    expect(await query.update((await query.read())!)).to.deep.equal({ queryId: 'q-1' })
    expect(athena.commandCalls(UpdateNamedQueryCommand)[0]!.args[0].input).to.deep.equal({
      NamedQueryId: 'q-1',
      Name: query.name,
      Description: properties.description,
      QueryString: 'select 1',
    })
  })

  it('is deleted, or gone already', async () => {
    existing(stored)
    const observed = (await query.read())!
    athena.on(DeleteNamedQueryCommand).resolves({})
    expect(await query.delete(observed)).to.deep.equal({ status: 'deleted' })
    athena
      .on(DeleteNamedQueryCommand)
      .rejects(named('InvalidRequestException', 'Named query q-1 was not found'))
    expect(await query.delete(observed)).to.deep.equal({ status: 'absent' })
  })
})
