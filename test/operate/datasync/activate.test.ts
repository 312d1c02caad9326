import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  CreateAgentCommand,
  DataSyncClient,
  DescribeAgentCommand,
  ListAgentsCommand,
  ListTagsForResourceCommand,
  TagResourceCommand,
} from '@aws-sdk/client-datasync'
import { DescribeNetworkInterfacesCommand, DescribeVpcEndpointsCommand, EC2Client } from '@aws-sdk/client-ec2'
import { expect } from 'chai'
import { TAG, upperTags } from '../../../src/aws/tags.js'
import { activate, type ActivateRequest } from '../../../src/operate/datasync/activate.js'
import { arn, invalidRequest } from '../../resources/datasync/support.js'
import { testContext } from '../../support/resource.js'
import { suiteMock } from '../../support/suite-mock.js'
import { failure, signal } from '../support.js'
import { environmentWith, NFS } from './support.js'

const KEY = 'F0EFT-7FPPR-GG7MC-3I9R3-27DOH'

describe('datasync activate', () => {
  const aws = testContext()
  const datasync = suiteMock(DataSyncClient)
  const ec2 = suiteMock(EC2Client)
  const environment = environmentWith(NFS)
  const tags = aws.tags('ingestion/agent', aws.names.datasync)
  let server: Server
  let address: string
  let asked: string[]

  before((done) => {
    server = createServer((request, response) => {
      asked.push(request.url ?? '')
      response.end(KEY)
    }).listen(0, '127.0.0.1', () => {
      address = `127.0.0.1:${(server.address() as AddressInfo).port}`
      done()
    })
  })
  after((done) => {
    server.close(done)
  })

  /** Agents as AWS would keep them: what is created or tagged is seen afterwards. */
  const agents = new Map<string, { tags: Record<string, string>; status: string }>()
  let said: string[]

  beforeEach(() => {
    asked = []
    said = []
    agents.clear()
    datasync.reset()
    ec2.reset()
    datasync.onAnyCommand().rejects(new Error('unexpected call'))
    datasync
      .on(ListAgentsCommand)
      .callsFake(() => ({ Agents: [...agents.keys()].map((AgentArn) => ({ AgentArn })) }))
    datasync.on(ListTagsForResourceCommand).callsFake(({ ResourceArn }: { ResourceArn: string }) => ({
      Tags: upperTags(agents.get(ResourceArn)?.tags ?? {}),
    }))
    datasync.on(DescribeAgentCommand).callsFake(({ AgentArn }: { AgentArn: string }) => {
      const agent = agents.get(AgentArn)!
      const answer = { Status: agent.status, Name: aws.names.datasync }
      agent.status = 'ONLINE'
      return answer
    })
    datasync.on(CreateAgentCommand).callsFake(({ Tags }: { Tags: { Key: string; Value: string }[] }) => {
      agents.set(arn('agent', 9), {
        tags: Object.fromEntries(Tags.map(({ Key, Value }) => [Key, Value])),
        status: 'OFFLINE',
      })
      return { AgentArn: arn('agent', 9) }
    })
    datasync
      .on(TagResourceCommand)
      .callsFake((input: { ResourceArn: string; Tags: { Key: string; Value: string }[] }) => {
        for (const { Key, Value } of input.Tags) agents.get(input.ResourceArn)!.tags[Key] = Value
        return {}
      })
  })

  const request = (changed: Partial<ActivateRequest> = {}): ActivateRequest => ({
    address,
    replace: false,
    signal,
    onProgress: (message) => said.push(message),
    ...changed,
  })

  it('makes an agent with our tags and waits until it is online', async () => {
    expect(await activate(aws, environment, request())).to.deep.equal({
      agentArn: arn('agent', 9),
      action: 'activated',
      replaced: null,
    })
    const { input } = datasync.commandCalls(CreateAgentCommand)[0]!.args[0]
    expect(input).to.deep.equal({ ActivationKey: KEY, AgentName: aws.names.datasync, Tags: upperTags(tags) })
    expect(datasync.commandCalls(DescribeAgentCommand)).to.have.length(2)
    expect(said.join('\n')).to.not.include(KEY)
  })

  it('does nothing when it is activated and online', async () => {
    agents.set(arn('agent', 1), { tags: { ...tags }, status: 'ONLINE' })
    expect((await activate(aws, environment, request())).action).to.equal('already')
    expect(asked).to.deep.equal([])
  })

  it('does not put a second one beside one that is offline, unless it is to be replaced', async () => {
    agents.set(arn('agent', 1), { tags: { ...tags }, status: 'OFFLINE' })
    const error = await failure(activate(aws, environment, request()))
    expect(error.code).to.equal('DATASYNC_AGENT_OFFLINE')
    expect(error.suggestions.join()).to.include('--replace')
    expect(asked).to.deep.equal([])

    const result = await activate(aws, environment, request({ replace: true }))
    expect(result).to.deep.equal({
      agentArn: arn('agent', 9),
      action: 'activated',
      replaced: arn('agent', 1),
    })
    // The next `up` finds the lost one as something that no configuration names.
    expect(agents.get(arn('agent', 1))!.tags).to.deep.equal({
      ...tags,
      [TAG.id]: 'ingestion/agent-replaced/agent-00000000000000001',
    })
  })

  it('hides the key when DataSync quotes it', async () => {
    datasync.on(CreateAgentCommand).rejects(invalidRequest(`Activation key ${KEY} is expired.`))
    const error = await failure(activate(aws, environment, request()))
    expect(error.code).to.equal('DATASYNC_ACTIVATION_REFUSED')
    expect(JSON.stringify([error.message, error.suggestions, error.stack, error.cause])).to.not.include(KEY)
    expect(error.message).to.include('[hidden] is expired')
  })

  it('uses the address, subnet and groups of a private endpoint', async () => {
    ec2.on(DescribeVpcEndpointsCommand).resolves({
      VpcEndpoints: [
        {
          ServiceName: 'com.amazonaws.us-east-1.datasync',
          State: 'available' as never,
          SubnetIds: ['subnet-b', 'subnet-a'],
          NetworkInterfaceIds: ['eni-1', 'eni-2'],
          Groups: [{ GroupId: 'sg-1' }],
        },
      ],
    })
    ec2.on(DescribeNetworkInterfacesCommand).resolves({
      NetworkInterfaces: [
        { SubnetId: 'subnet-a', PrivateIpAddress: '10.20.0.7' },
        { SubnetId: 'subnet-b', PrivateIpAddress: '10.20.1.7' },
      ],
    })
    await activate(aws, environment, request({ privateEndpoint: 'vpce-1', subnet: 'subnet-b' }))
    expect(asked[0]).to.include('privateLinkEndpoint=10.20.1.7')
    expect(datasync.commandCalls(CreateAgentCommand)[0]!.args[0].input).to.deep.include({
      VpcEndpointId: 'vpce-1',
      SubnetArns: ['arn:aws:ec2:us-east-1:111122223333:subnet/subnet-b'],
      SecurityGroupArns: ['arn:aws:ec2:us-east-1:111122223333:security-group/sg-1'],
    })
  })

  it('refuses an endpoint of another service before the agent is asked', async () => {
    ec2.on(DescribeVpcEndpointsCommand).resolves({
      VpcEndpoints: [{ ServiceName: 'com.amazonaws.us-east-1.s3', State: 'available' as never }],
    })
    const error = await failure(activate(aws, environment, request({ privateEndpoint: 'vpce-1' })))
    expect(error.code).to.equal('INVALID_PRIVATE_ENDPOINT')
    expect(asked).to.deep.equal([])
  })

  it('is only for environments that copy, through an agent of their own', async () => {
    expect((await failure(activate(aws, environmentWith(''), request()))).code).to.equal(
      'DATASYNC_NOT_CONFIGURED',
    )
    const theirs = environmentWith(`${NFS}\nagent: '${arn('agent', 5)}'`)
    expect((await failure(activate(aws, theirs, request()))).code).to.equal('DATASYNC_AGENT_SHARED')
  })
})
