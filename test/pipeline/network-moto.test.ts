import { DescribeAddressesCommand, DescribeNatGatewaysCommand, EC2Client } from '@aws-sdk/client-ec2'
import { expect } from 'chai'
import { AwsClients } from '../../src/aws/clients.js'
import { AwsContext } from '../../src/aws/context.js'
import { Names } from '../../src/aws/names.js'
import { applyGraph } from '../../src/engine/apply.js'
import { destroyGraph } from '../../src/engine/destroy.js'
import { Graph } from '../../src/engine/graph.js'
import { inventory } from '../../src/pipeline/inventory.js'
import { network } from '../../src/pipeline/network.js'
import { orphansOf } from '../../src/pipeline/orphans.js'
import { security } from '../../src/pipeline/security.js'
import { storage } from '../../src/pipeline/storage.js'
import { chooseZones } from '../../src/resources/ec2/availability-zones.js'
import { resetMoto, startMoto, type Moto } from '../support/moto.js'
import { environmentWith, type NetworkSettings } from './network-world.js'

const place = { project: 'sensors', env: 'dev', account: '123456789012', region: 'eu-north-1' }

describe('network modes on an emulator', function () {
  this.timeout(120_000)
  let moto: Moto
  let lastChanges: object[] = []
  const context = () =>
    new AwsContext({
      names: new Names({ ...place, bucketNamespace: 'account-regional' }),
      clients: new AwsClients({
        region: place.region,
        endpoint: moto.endpoint,
        credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      }),
      emulated: true,
    })
  const prepare = async (settings: NetworkSettings) => {
    const aws = context()
    const environment = environmentWith(settings)
    const [zoneIds, items] = await Promise.all([chooseZones(aws, environment.network.zones), inventory(aws)])
    const { logs } = storage(aws, environment, security(aws, environment))
    const all = [logs, ...network(aws, environment, zoneIds, logs).resources]
    return { aws, graph: new Graph(all), orphans: orphansOf(aws, items, all) }
  }
  const up = async (settings: NetworkSettings) => {
    const { graph, orphans } = await prepare(settings)
    const { counts, failures, outcomes } = await applyGraph(graph, { orphans })
    lastChanges = outcomes.flatMap(({ changes, id }) => changes.map((change) => ({ id, ...change })))
    expect(failures.map(({ error, id }) => `${id}: ${String(error)}`)).to.deep.equal([])
    return { created: counts.created, changed: counts.updated + counts.replaced, deleted: counts.deleted }
  }

  before(async () => {
    moto = await startMoto()
    await resetMoto(moto.endpoint)
  })
  after(() => moto.stop())

  it('go from one to the other and back, with everything on, each twice', async () => {
    const more = { flowLogs: 's3', networkAcls: true, interfaceEndpoints: ['secretsmanager'] } as const
    const unchanged = { created: 0, changed: 0, deleted: 0 }
    const path: NetworkSettings[] = [
      { egress: 'public' },
      { egress: 'nat', ...more },
      { egress: 'nat-per-az', zones: 3, ...more },
      { egress: 'endpoints', ...more },
      { egress: 'public' },
    ]
    for (const settings of path) {
      expect(await up(settings)).not.to.deep.equal(unchanged)
      const again = await up(settings)
      expect(again, `${settings.egress} again: ${JSON.stringify(lastChanges)}`).to.deep.equal(unchanged)
    }

    const { aws, graph } = await prepare({ egress: 'public' })
    const ec2 = aws.clients.of(EC2Client)
    expect((await ec2.send(new DescribeAddressesCommand({}))).Addresses ?? []).to.deep.equal([])
    const { NatGateways: gateways } = await ec2.send(new DescribeNatGatewaysCommand({}))
    expect(new Set(gateways?.map(({ State: state }) => state))).to.deep.equal(new Set(['deleted']))
    const gone = await destroyGraph(graph, { deleteData: true })
    expect(gone.failures).to.deep.equal([])
    expect(gone.blocked).to.deep.equal([])
  })
})
