import { AthenaClient, BatchGetNamedQueryCommand, ListNamedQueriesCommand } from '@aws-sdk/client-athena'
import {
  DataSyncClient,
  ListAgentsCommand,
  ListLocationsCommand,
  ListTagsForResourceCommand,
  ListTasksCommand,
} from '@aws-sdk/client-datasync'
import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import { expect } from 'chai'
import { upperTags } from '../../src/aws/tags.js'
import { resolveEnvironment } from '../../src/config/environments.js'
import { parseConfig } from '../../src/config/load.js'
import { namedQueriesOf } from '../../src/pipeline/catalog.js'
import { environmentResources } from '../../src/pipeline/environment.js'
import { ingestionInventory } from '../../src/pipeline/ingestion-inventory.js'
import type { InventoryItem } from '../../src/pipeline/inventory.js'
import { orphansOf } from '../../src/pipeline/orphans.js'
import { sparkScripts } from '../../src/pipeline/spark-scripts.js'
import { SPARK_SCRIPT, scriptKey } from '../../src/transform/spark/script.js'
import { testContext } from '../support/resource.js'
import { suiteMock } from '../support/suite-mock.js'

const aws = testContext()
const { names } = aws

function known(yaml: string) {
  const environment = resolveEnvironment(parseConfig(`project: sensors\n${yaml}`, 'datapipe.yaml'), 'dev')
  return environmentResources(aws, environment, { zoneIds: ['use1-az1', 'use1-az2'], version: '1.0.0' }).all
}
const denied = () => Object.assign(new Error('no'), { name: 'AccessDeniedException' })
const role = (name: 'glue' | 'datasync'): InventoryItem => {
  const id = `security/role/${name}`
  return { arn: names.roleArn(name), id, tags: aws.tags(id, names.role(name)) }
}

describe('inventory of what the tagging API does not tell', () => {
  describe('named queries', () => {
    const athena = suiteMock(AthenaClient)
    beforeEach(() => athena.reset())

    it('are those of the workgroup with our name, and orphans once the configuration names them no more', async () => {
      athena.on(ListNamedQueriesCommand).resolves({ NamedQueryIds: ['q-1', 'q-2', 'q-3'] })
      athena.on(BatchGetNamedQueryCommand).resolves({
        NamedQueries: [
          { NamedQueryId: 'q-1', Name: 'dp-sensors-dev/kept', Database: 'd', QueryString: 'select 1' },
          { NamedQueryId: 'q-2', Name: 'dp-sensors-dev/old/er', Database: 'd', QueryString: 'select 1' },
          { NamedQueryId: 'q-3', Name: 'saved by somebody', Database: 'd', QueryString: 'select 1' },
        ],
      })
      const items = await namedQueriesOf(aws)
      expect(items.map(({ id }) => id)).to.deep.equal(['catalog/query/kept', 'catalog/query/old/er'])
      const [orphan, ...others] = orphansOf(
        aws,
        items,
        known('catalog: { namedQueries: { kept: select 1 } }'),
      )
      expect(others).to.deep.equal([])
      expect(orphan).to.include({ id: 'catalog/query/old/er', name: 'dp-sensors-dev/old/er' })
      expect(await orphan!.read(undefined as never)).to.include({ physicalId: 'q-2', owned: true })
    })

    it('cost one call where there are none, and are none for who may not look', async () => {
      athena.on(ListNamedQueriesCommand).resolves({ NamedQueryIds: [] })
      expect(await namedQueriesOf(aws)).to.deep.equal([])
      expect(athena.calls()).to.have.length(1)
      athena.on(ListNamedQueriesCommand).rejects(denied())
      expect(await namedQueriesOf(aws)).to.deep.equal([])
    })
  })

  describe('Spark scripts', () => {
    const s3 = suiteMock(S3Client)
    const current = scriptKey('scripts/', SPARK_SCRIPT)
    const old = (digit: number) => `scripts/${String(digit).repeat(16)}.py`
    const found = [
      { Key: 'scripts/', LastModified: new Date(9) },
      { Key: 'scripts/notes.py', LastModified: new Date(9) },
      { Key: old(1), LastModified: new Date(1000) },
      { Key: old(3), LastModified: new Date(3000) },
      { Key: current, LastModified: new Date(500) },
    ]
    beforeEach(() => {
      s3.reset()
      s3.on(ListObjectsV2Command, { Prefix: 'scripts/', ContinuationToken: undefined }).resolves({
        Contents: found,
        NextContinuationToken: 'more',
        IsTruncated: true,
      })
      s3.on(ListObjectsV2Command, { ContinuationToken: 'more' }).resolves({
        Contents: [{ Key: old(2), LastModified: new Date(2000) }],
      })
    })
    const orphans = async (yaml: string) =>
      orphansOf(aws, await sparkScripts(aws, [role('glue')]), known(yaml)).map(({ name }) => name)

    it('are kept while a run may ask for them: the current one, whatever its age, and the newest of the others', async () => {
      expect(await orphans('spark: { enabled: true }')).to.have.members([old(1), old(2)])
    })

    it('all go when the job does; what people put beside them stays', async () => {
      expect(await orphans('')).to.have.members([current, old(1), old(2), old(3)])
    })

    it('go after the job that reads them and before the role that they are found by', () => {
      const item = (arn: string, id: string): InventoryItem => ({ arn, id, tags: aws.tags(id, 'x') })
      const all = orphansOf(
        aws,
        [
          role('glue'),
          item(names.arn('glue', `job/${names.sparkJob}`), 'spark/job'),
          item(`${names.bucketArn('artifacts')}/${old(1)}`, 'spark/script/1'),
        ],
        [],
      )
      const uses = (id: string) => all.find((one) => one.id === id)!.dependsOn.map((one) => one.id)
      expect(uses('spark/job')).to.include('spark/script/1')
      expect(uses('spark/script/1')).to.include('security/role/glue')
    })

    it('are not looked for where nothing tells of Glue, and are none without a bucket', async () => {
      expect(await sparkScripts(aws, [role('datasync')])).to.deep.equal([])
      expect(s3.calls()).to.have.length(0)
      s3.on(ListObjectsV2Command).rejects(Object.assign(new Error('no'), { name: 'NoSuchBucket' }))
      expect(await sparkScripts(aws, [role('glue')])).to.deep.equal([])
    })
  })

  describe('DataSync', () => {
    const datasync = suiteMock(DataSyncClient)
    const arn = (kind: string, serial: number) => names.arn('datasync', `${kind}/${kind}-${serial}`)
    beforeEach(() => {
      datasync.reset()
      datasync.on(ListTasksCommand).resolves({ Tasks: [{ TaskArn: arn('task', 1), Name: 'theirs' }] })
      datasync.on(ListAgentsCommand).resolves({ Agents: [{ AgentArn: arn('agent', 1) }] })
      datasync.on(ListLocationsCommand, { NextToken: undefined }).resolves({
        Locations: [{ LocationArn: arn('location', 1), LocationUri: 's3://theirs/' }],
        NextToken: 'more',
      })
      datasync.on(ListLocationsCommand, { NextToken: 'more' }).resolves({
        Locations: [{ LocationArn: arn('location', 2), LocationUri: 'smb://files.example.com/share/' }],
      })
      datasync.on(ListTagsForResourceCommand).resolves({ Tags: [] })
      for (const [ResourceArn, id] of [
        [arn('location', 2), 'ingestion/source/smb'],
        [arn('agent', 1), 'ingestion/agent'],
      ])
        datasync
          .on(ListTagsForResourceCommand, { ResourceArn })
          .resolves({ Tags: upperTags(aws.tags(id!, 'x')) })
    })

    it('is looked at itself, to the last page, where something tells that it was there', async () => {
      const items = await ingestionInventory(aws, [role('datasync')])
      expect(items.map(({ arn: found, id }) => [found, id])).to.deep.equal([
        [arn('location', 2), 'ingestion/source/smb'],
        [arn('agent', 1), 'ingestion/agent'],
      ])
      const orphans = orphansOf(aws, [role('datasync'), ...items], [])
      expect(orphans.map(({ id }) => id)).to.deep.equal([
        'ingestion/source/smb',
        'ingestion/agent',
        'security/role/datasync',
      ])
      // The role last: while it is there, the next run looks again.
      expect(orphans[1]!.dependsOn.map(({ id }) => id)).to.deep.equal(['security/role/datasync'])
    })

    it('is not asked anything in an environment without a trace of it', async () => {
      expect(await ingestionInventory(aws, [role('glue')])).to.deep.equal([])
      expect(datasync.calls()).to.have.length(0)
    })

    it('is nothing for who may not look', async () => {
      datasync.on(ListTasksCommand).rejects(denied())
      expect(await ingestionInventory(aws, [role('datasync')])).to.deep.equal([])
    })
  })
})
