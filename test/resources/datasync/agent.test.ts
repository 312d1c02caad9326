import {
  DataSyncClient,
  DeleteAgentCommand,
  DescribeAgentCommand,
  ListAgentsCommand,
  ListLocationsCommand,
  ListTagsForResourceCommand,
  TagResourceCommand,
  UpdateAgentCommand,
} from '@aws-sdk/client-datasync'
import { expect } from 'chai'
import { applyGraph } from '../../../src/engine/apply.js'
import { Graph } from '../../../src/engine/graph.js'
import { LocationNfs } from '../../../src/resources/datasync/location-nfs.js'
import { DataSyncAgent } from '../../../src/resources/datasync/agent.js'
import { failure } from '../../operate/support.js'
import { testContext, testOperation } from '../../support/resource.js'
import { suiteMock } from '../../support/suite-mock.js'
import { arn, invalidRequest, tagPage } from './support.js'

describe('DataSyncAgent', () => {
  const aws = testContext()
  const datasync = suiteMock(DataSyncClient)
  const op = testOperation()
  const agent = new DataSyncAgent(aws, 'ingestion/agent', 'dp-sensors-dev-datasync')

  beforeEach(() => {
    datasync.reset()
    datasync.onAnyCommand().rejects(new Error('unexpected call'))
  })

  const list = () =>
    datasync
      .on(ListAgentsCommand, { NextToken: undefined })
      .resolves({ Agents: [{ AgentArn: arn('agent', 1), Name: agent.name }], NextToken: 'more' })
      .on(ListAgentsCommand, { NextToken: 'more' })
      .resolves({ Agents: [{ AgentArn: arn('agent', 2), Name: 'other' }] })

  it('is the one with our tags, also on a later page; a name says nothing', async () => {
    list()
    datasync.on(ListTagsForResourceCommand, { ResourceArn: arn('agent', 1) }).resolves({ Tags: [] })
    datasync.on(ListTagsForResourceCommand, { ResourceArn: arn('agent', 2) }).resolves(tagPage(agent.tags))
    datasync.on(DescribeAgentCommand).resolves({ Status: 'ONLINE', Name: 'other' })
    const observed = (await agent.read())!
    expect(observed.physicalId).to.equal(arn('agent', 2))
    const changes = agent.diff(observed)
    expect(changes.map(({ path }) => path)).to.deep.equal(['name'])
    datasync.on(UpdateAgentCommand).resolves({})
    await agent.update(observed, changes)
    expect(datasync.commandCalls(UpdateAgentCommand)[0]!.args[0].input).to.deep.equal({
      AgentArn: arn('agent', 2),
      Name: agent.name,
    })
    expect(datasync.commandCalls(TagResourceCommand)).to.have.length(0)
  })

  it('refuses to choose between two', async () => {
    list()
    datasync.on(ListTagsForResourceCommand).resolves(tagPage(agent.tags))
    const error = await failure(agent.read())
    expect(error.code).to.equal('DUPLICATE_RESOURCE')
    expect(error.message).to.include(arn('agent', 1)).and.include(arn('agent', 2))
  })

  it('is absent when it went between the list and the look', async () => {
    list()
    datasync.on(ListTagsForResourceCommand).rejects(invalidRequest('Agent agent-1 is not found.'))
    expect(await agent.read()).to.equal(undefined)
  })

  it('cannot be made: says what a person has to do', async () => {
    const error = await failure(agent.create())
    expect(error.code).to.equal('DATASYNC_NO_AGENT')
    expect(error.suggestions.join('\n')).to.include('datapipe datasync activate --agent-address')
  })

  it('stops in `up` only what copies through it', async () => {
    datasync.on(ListAgentsCommand).resolves({ Agents: [] })
    datasync.on(ListLocationsCommand).resolves({ Locations: [] })
    const server = { host: 'files', path: '/export', version: 'AUTOMATIC' } as const
    const agentArns = () => [agent.attributes.arn]
    const source = new LocationNfs(aws, 'source', 'src', { ...server, agentArns }, { dependsOn: [agent] })
    const { failures, skipped } = await applyGraph(new Graph([agent, source]))
    expect(failures.map(({ error, id }) => [id, (error as { code?: string }).code])).to.deep.equal([
      ['ingestion/agent', 'DATASYNC_NO_AGENT'],
    ])
    expect(skipped.map(({ id }) => id)).to.deep.equal(['source'])
  })

  it('must be online', async () => {
    list()
    datasync.on(ListTagsForResourceCommand, { ResourceArn: arn('agent', 1) }).resolves(tagPage(agent.tags))
    datasync.on(ListTagsForResourceCommand, { ResourceArn: arn('agent', 2) }).resolves({ Tags: [] })
    datasync.on(DescribeAgentCommand).resolves({
      Status: 'OFFLINE',
      Name: agent.name,
      LastConnectionTime: new Date('2026-11-01T02:03:04Z'),
    })
    const observed = (await agent.read())!
    const changes = agent.diff(observed)
    expect(changes).to.deep.equal([{ path: 'status', from: 'OFFLINE', to: 'ONLINE', replaces: false }])
    const error = await failure(agent.update(observed, changes))
    expect(error.code).to.equal('DATASYNC_AGENT_OFFLINE')
    expect(error.message).to.include('2026-11-01T02:03:04.000Z')
  })

  it('waits until a location that was just deleted lets go of it', async () => {
    datasync.on(DeleteAgentCommand).rejectsOnce(invalidRequest('Agent is in use by a location')).resolves({})
    const observed = { physicalId: arn('agent', 1) } as Parameters<typeof agent.delete>[0]
    expect(await agent.delete(observed, op)).to.deep.equal({ status: 'deleted' })
    datasync.on(DeleteAgentCommand).rejects(invalidRequest('Agent does not exist'))
    expect(await agent.delete(observed, op)).to.deep.equal({ status: 'absent' })
  })

  describe('of somebody else', () => {
    const shared = new DataSyncAgent(aws, 'ingestion/agent', 'dp-sensors-dev-datasync', {
      arn: arn('agent', 7),
    })

    it('is used as it is: neither renamed nor tagged nor deleted', async () => {
      datasync.on(DescribeAgentCommand).resolves({ Status: 'ONLINE', Name: 'theirs' })
      const observed = (await shared.read())!
      expect(observed.attributes).to.deep.equal({ arn: arn('agent', 7) })
      expect(shared.diff(observed)).to.deep.equal([])
      expect(shared.shared).to.equal(true)
    })

    it('is missed by its ARN', async () => {
      datasync.on(DescribeAgentCommand).rejects(invalidRequest('Agent is not found'))
      expect(await shared.read()).to.equal(undefined)
      expect((await failure(shared.create())).message).to.include(arn('agent', 7))
    })
  })
})
