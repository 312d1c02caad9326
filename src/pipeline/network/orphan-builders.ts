import { ElasticIp } from '../../resources/ec2/elastic-ip.js'
import { FlowLog } from '../../resources/ec2/flow-log.js'
import { InternetGateway } from '../../resources/ec2/internet-gateway.js'
import { NatGateway } from '../../resources/ec2/nat-gateway.js'
import { NetworkAcl } from '../../resources/ec2/network-acl.js'
import { RouteTable } from '../../resources/ec2/route-table.js'
import { SecurityGroup } from '../../resources/ec2/security-group.js'
import { Subnet } from '../../resources/ec2/subnet.js'
import { VpcEndpoint } from '../../resources/ec2/vpc-endpoint.js'
import { Vpc } from '../../resources/ec2/vpc.js'
import { none, noPolicy, type Builder } from '../orphan-builder.js'

/** What is left of a network, in the order of deletion. */
export const NETWORK_BUILDERS: readonly Builder[] = [
  [
    'ec2:vpc-flow-log',
    (aws, id, name, options) => new FlowLog(aws, id, name, { vpcId: none, bucketArn: none }, options),
  ],
  [
    'ec2:vpc-endpoint',
    (aws, id, name, options) =>
      new VpcEndpoint(
        aws,
        id,
        name,
        {
          vpcId: none,
          service: 's3',
          kind: 'gateway',
          routeTableIds: () => [],
          policy: noPolicy,
        },
        options,
      ),
  ],
  [
    'ec2:natgateway',
    (aws, id, name, options) =>
      new NatGateway(aws, id, name, { subnetId: none, allocationId: none }, options),
  ],
  ['ec2:elastic-ip', (aws, id, name, options) => new ElasticIp(aws, id, name, options)],
  [
    'ec2:network-acl',
    (aws, id, name, options) =>
      new NetworkAcl(aws, id, name, { vpcId: none, ingress: [], egress: [], subnetIds: () => [] }, options),
  ],
  [
    'ec2:security-group',
    (aws, id, name, options) =>
      new SecurityGroup(aws, id, name, { vpcId: none, description: '', ingress: [], egress: [] }, options),
  ],
  [
    'ec2:route-table',
    (aws, id, name, options) =>
      new RouteTable(aws, id, name, { vpcId: none, routes: [], subnetIds: () => [] }, options),
  ],
  [
    'ec2:subnet',
    (aws, id, name, options) => new Subnet(aws, id, name, { vpcId: none, cidr: '', zoneId: '' }, options),
  ],
  [
    'ec2:internet-gateway',
    (aws, id, name, options) => new InternetGateway(aws, id, name, { vpcId: none }, options),
  ],
  ['ec2:vpc', (aws, id, name, options) => new Vpc(aws, id, name, { cidr: '' }, options)],
]
