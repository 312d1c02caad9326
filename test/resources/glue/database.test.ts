import {
  BatchDeleteTableCommand,
  CreateDatabaseCommand,
  DeleteDatabaseCommand,
  GetDatabaseCommand,
  GetTablesCommand,
  GetTagsCommand,
  GlueClient,
  TagResourceCommand,
  UpdateDatabaseCommand,
} from '@aws-sdk/client-glue'
import { expect } from 'chai'
import { DatapipeError, UsageError } from '../../../src/errors.js'
import { GlueDatabase } from '../../../src/resources/glue/database.js'
import { testContext, testOperation } from '../../support/resource.js'
import { suiteMock } from '../../support/suite-mock.js'

const ARN = 'arn:aws:glue:us-east-1:111122223333:database/dp_sensors_dev'

function named(name: string, message = name): Error {
  return Object.assign(new Error(message), { name })
}

describe('GlueDatabase', () => {
  const glue = suiteMock(GlueClient)
  const op = testOperation()
  const properties = { description: 'datapipe sensors/dev', locationUri: () => 's3://transformed/' }
  const database = new GlueDatabase(testContext(), 'catalog/database', 'dp_sensors_dev', properties)

  function existing(overrides: object = {}, tags = database.tags): void {
    glue.on(GetDatabaseCommand).resolves({
      Database: {
        Name: database.name,
        Description: properties.description,
        LocationUri: 's3://transformed/',
        ...overrides,
      },
    })
    glue.on(GetTagsCommand).resolves({ Tags: tags })
  }
  const paths = async () => database.diff((await database.read())!).map((change) => change.path)
  const failure = (promise: Promise<unknown>) =>
    promise.then(
      () => undefined,
      (thrown: unknown) => thrown,
    )

  beforeEach(() => glue.reset())

  it('refuses a name that Athena could not use', () => {
    expect(() => new GlueDatabase(testContext(), 'catalog/database', 'dp-Dev', properties)).to.throw(
      UsageError,
      'dp-Dev',
    )
  })

  it('is absent', async () => {
    glue.on(GetDatabaseCommand).rejects(named('EntityNotFoundException'))
    expect(await database.read()).to.equal(undefined)
  })

  it('is unchanged when everything is as desired, in two calls', async () => {
    existing()
    const observed = (await database.read())!
    expect(observed).to.deep.include({ owned: true, attributes: { name: 'dp_sensors_dev' } })
    expect(database.diff(observed)).to.deep.equal([])
    expect(glue.calls()).to.have.length(2)
    expect(glue.commandCalls(GetTagsCommand)[0]!.args[0].input.ResourceArn).to.equal(ARN)
  })

  it('is foreign without our tags', async () => {
    existing({}, {})
    expect((await database.read())!.owned).to.equal(false)
  })

  it('names each property that drifted', async () => {
    existing({ Description: undefined })
    expect(await paths()).to.deep.equal(['description'])
    existing({ LocationUri: 's3://other/' })
    expect(await paths()).to.deep.equal(['locationUri'])
    existing({}, { ...database.tags, Name: 'x' })
    expect(await paths()).to.deep.equal(['tags.Name'])
  })

  it('updates without losing what others set, and after another change has finished', async () => {
    existing({ Description: 'other', Parameters: { owner: 'them' } })
    glue.on(UpdateDatabaseCommand).rejectsOnce(named('ConcurrentModificationException')).resolves({})
    const observed = (await database.read())!
    await database.update(observed, database.diff(observed), op)
    expect(glue.commandCalls(UpdateDatabaseCommand)[1]!.args[0].input.DatabaseInput).to.deep.include({
      Description: properties.description,
      LocationUri: 's3://transformed/',
      Parameters: { owner: 'them' },
    })
    expect(glue.commandCalls(TagResourceCommand)).to.have.length(0)
  })

  it('repairs tags alone', async () => {
    existing({}, { ...database.tags, Name: 'x' })
    const observed = (await database.read())!
    await database.update(observed, database.diff(observed), op)
    expect(glue.commandCalls(TagResourceCommand)[0]!.args[0].input).to.deep.equal({
      ResourceArn: ARN,
      TagsToAdd: database.tags,
    })
    expect(glue.commandCalls(UpdateDatabaseCommand)).to.have.length(0)
  })

  it('tags at create, and goes on with its own when the answer to the create was lost', async () => {
    existing()
    glue.on(CreateDatabaseCommand).rejects(named('AlreadyExistsException'))
    expect(await database.create(op)).to.deep.equal({ name: 'dp_sensors_dev' })
    expect(glue.commandCalls(CreateDatabaseCommand)[0]!.args[0].input.Tags).to.deep.equal(database.tags)
    existing({}, {})
    expect(await failure(database.create(op))).to.include({ name: 'AlreadyExistsException' })
  })

  it('says what to grant when Lake Formation governs the catalog', async () => {
    glue
      .on(CreateDatabaseCommand)
      .rejects(
        named('AccessDeniedException', 'Insufficient Lake Formation permission(s): Required Create Database'),
      )
    const error = await failure(database.create(op))
    expect(error).to.be.instanceOf(DatapipeError)
    expect(error).to.include({ code: 'LAKE_FORMATION_DENIED' })
    const text = (error as DatapipeError).suggestions.join('\n')
    expect(text).to.contain('--permissions CREATE_DATABASE --resource \'{"Catalog":{}}\'')
    expect(text).to.contain('{"Database":{"Name":"dp_sensors_dev"}}')
  })

  describe('delete', () => {
    const tables = (from: number, to: number) =>
      Array.from({ length: to - from + 1 }, (_, index) => ({ Name: `t${from + index}` }))

    it('deletes all tables first, a hundred at a time', async () => {
      existing()
      const observed = (await database.read())!
      glue
        .on(GetTablesCommand)
        .resolvesOnce({ TableList: tables(1, 90), NextToken: 'more' })
        .resolves({ TableList: tables(91, 130) })
      glue.on(BatchDeleteTableCommand).resolves({
        Errors: [{ TableName: 't1', ErrorDetail: { ErrorCode: 'EntityNotFoundException' } }],
      })
      glue.on(DeleteDatabaseCommand).resolves({})
      expect(await database.delete(observed, op)).to.deep.equal({ status: 'deleted' })
      const batches = glue
        .commandCalls(BatchDeleteTableCommand)
        .map((call) => call.args[0].input.TablesToDelete!)
      expect(batches.map((batch) => batch.length)).to.deep.equal([100, 30])
      expect(batches.flat()).to.include.members(['t1', 't130'])
    })

    it('keeps the database when a table could not be deleted', async () => {
      existing()
      const observed = (await database.read())!
      glue.on(GetTablesCommand).resolves({ TableList: tables(1, 1) })
      glue.on(BatchDeleteTableCommand).resolves({
        Errors: [{ TableName: 't1', ErrorDetail: { ErrorCode: 'Other', ErrorMessage: 'locked' } }],
      })
      const error = await failure(database.delete(observed, op))
      expect(error).to.include({ code: 'GLUE_TABLES_NOT_DELETED' })
      expect((error as Error).message).to.contain('t1: locked')
      expect(glue.commandCalls(DeleteDatabaseCommand)).to.have.length(0)
    })

    it('is absent when it is gone already', async () => {
      existing()
      const observed = (await database.read())!
      glue.on(GetTablesCommand).rejects(named('EntityNotFoundException'))
      glue.on(DeleteDatabaseCommand).rejects(named('EntityNotFoundException'))
      expect(await database.delete(observed, op)).to.deep.equal({ status: 'absent' })
    })
  })
})
