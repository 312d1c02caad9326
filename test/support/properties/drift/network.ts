import {
  AuthorizeSecurityGroupEgressCommand,
  AuthorizeSecurityGroupIngressCommand,
  CreateNetworkAclEntryCommand,
  CreateRouteCommand,
  DeleteNetworkAclEntryCommand,
  DeleteRouteCommand,
  DeleteTagsCommand,
  DescribeNetworkAclsCommand,
  DescribeRouteTablesCommand,
  DescribeSecurityGroupRulesCommand,
  DetachInternetGatewayCommand,
  DisassociateRouteTableCommand,
  EC2Client,
  ModifySubnetAttributeCommand,
  ModifyVpcAttributeCommand,
  ReplaceNetworkAclAssociationCommand,
  ReplaceNetworkAclEntryCommand,
  ReplaceRouteCommand,
  RevokeSecurityGroupEgressCommand,
  RevokeSecurityGroupIngressCommand,
  UpdateSecurityGroupRuleDescriptionsEgressCommand,
  type SecurityGroupRule,
} from '@aws-sdk/client-ec2'
import { TAG } from '../../../../src/aws/tags.js'
import { drift, type Drift } from '../drift.js'
import type { World } from '../world.js'

const ANYWHERE = '0.0.0.0/0'

const ec2 = (
  id: string,
  paths: string | string[],
  by: (client: EC2Client, physicalId: string, world: World) => Promise<unknown>,
): Drift => drift(id, paths, (world) => by(world.client(EC2Client), world.id(id), world))

const SSH = {
  IpProtocol: 'tcp',
  FromPort: 22,
  ToPort: 22,
  IpRanges: [{ CidrIp: ANYWHERE, Description: 'by hand' }],
}
const HTTPS = { IpProtocol: 'tcp', FromPort: 443, ToPort: 443 }

const TASK = 'network/security-group/task'
const EGRESS = `${TASK}/egress`
const ENDPOINTS = 'network/security-group/endpoints'
const EGRESS_RULE = `egress.tcp 443 ${ANYWHERE}`

async function ruleOf(world: World, group: string, egress: boolean): Promise<SecurityGroupRule> {
  const { SecurityGroupRules: rules = [] } = await world
    .client(EC2Client)
    .send(
      new DescribeSecurityGroupRulesCommand({ Filters: [{ Name: 'group-id', Values: [world.id(group)] }] }),
    )
  const found = rules.find(({ IsEgress }) => IsEgress === egress)
  if (found === undefined) throw new Error(`${group} has no such rule`)
  return found
}

async function untagRule(world: World, group: string, egress: boolean): Promise<unknown> {
  const { SecurityGroupRuleId: id = '' } = await ruleOf(world, group, egress)
  return world.client(EC2Client).send(new DeleteTagsCommand({ Resources: [id], Tags: [{ Key: TAG.env }] }))
}

async function defaultGroup(world: World): Promise<string> {
  const [vpc] = (await world.resources()).filter(({ id }) => id === 'network/vpc')
  const seen = await vpc?.read({ signal: new AbortController().signal } as Parameters<typeof vpc.read>[0])
  return (seen?.attributes as { defaultSecurityGroupId: string }).defaultSecurityGroupId
}

async function disassociate(client: EC2Client, RouteTableId: string): Promise<unknown> {
  const { RouteTables: [table] = [] } = await client.send(
    new DescribeRouteTablesCommand({ RouteTableIds: [RouteTableId] }),
  )
  const AssociationId = table?.Associations?.find(
    ({ SubnetId }) => SubnetId !== undefined,
  )?.RouteTableAssociationId
  return client.send(new DisassociateRouteTableCommand({ AssociationId }))
}

/** Gives one subnet of ours back to the ACL that every VPC has. */
async function backToDefault(client: EC2Client, aclId: string, world: World): Promise<unknown> {
  const { NetworkAcls: acls = [] } = await client.send(
    new DescribeNetworkAclsCommand({ Filters: [{ Name: 'vpc-id', Values: [world.id('network/vpc')] }] }),
  )
  const AssociationId = acls.find(({ NetworkAclId }) => NetworkAclId === aclId)?.Associations?.[0]
    ?.NetworkAclAssociationId
  const NetworkAclId = acls.find(({ IsDefault }) => IsDefault)?.NetworkAclId
  return client.send(new ReplaceNetworkAclAssociationCommand({ AssociationId, NetworkAclId }))
}

const entry = (NetworkAclId: string, RuleNumber: number, Egress: boolean) => ({
  NetworkAclId,
  RuleNumber,
  Egress,
  Protocol: '-1',
  RuleAction: 'allow' as const,
  CidrBlock: ANYWHERE,
})

/** VPC, subnets, routes, groups and ACLs. */
export const networkDrift: Drift[] = [
  ec2('network/vpc', 'dnsHostnames', (client, VpcId) =>
    client.send(new ModifyVpcAttributeCommand({ VpcId, EnableDnsHostnames: { Value: false } })),
  ),
  ec2('network/vpc', 'dnsSupport', (client, VpcId) =>
    client.send(new ModifyVpcAttributeCommand({ VpcId, EnableDnsSupport: { Value: false } })),
  ),
  ec2('network/vpc', 'defaultSecurityGroup.ingress', async (client, _vpc, world) =>
    client.send(
      new AuthorizeSecurityGroupIngressCommand({ GroupId: await defaultGroup(world), IpPermissions: [SSH] }),
    ),
  ),
  ec2('network/vpc', 'defaultSecurityGroup.egress', async (client, _vpc, world) =>
    client.send(
      new AuthorizeSecurityGroupEgressCommand({ GroupId: await defaultGroup(world), IpPermissions: [SSH] }),
    ),
  ),
  ec2('network/subnet/private/a', 'mapPublicIpOnLaunch', (client, SubnetId) =>
    client.send(new ModifySubnetAttributeCommand({ SubnetId, MapPublicIpOnLaunch: { Value: true } })),
  ),
  ec2('network/internet-gateway', 'attachedTo', (client, InternetGatewayId, world) =>
    client.send(new DetachInternetGatewayCommand({ InternetGatewayId, VpcId: world.id('network/vpc') })),
  ),
  ec2('network/routes/private', `routes.${ANYWHERE}`, (client, RouteTableId, world) =>
    client.send(
      new ReplaceRouteCommand({
        RouteTableId,
        DestinationCidrBlock: ANYWHERE,
        NatGatewayId: world.id('network/nat/b'),
      }),
    ),
  ),
  ec2('network/routes/private/b', `routes.${ANYWHERE}`, (client, RouteTableId) =>
    client.send(new DeleteRouteCommand({ RouteTableId, DestinationCidrBlock: ANYWHERE })),
  ),
  ec2('network/routes/public', 'routes.192.0.2.0/24', (client, RouteTableId, world) =>
    client.send(
      new CreateRouteCommand({
        RouteTableId,
        DestinationCidrBlock: '192.0.2.0/24',
        NatGatewayId: world.id('network/nat/a'),
      }),
    ),
  ),
  ec2('network/routes/public', 'subnetIds', disassociate),
  ec2(TASK, 'ingress.tcp 22 0.0.0.0/0', (client, GroupId) =>
    client.send(new AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions: [SSH] })),
  ),
  drift(ENDPOINTS, 'ingress.tcp 443 <network/security-group/task>', async (world) => {
    const { GroupId, SecurityGroupRuleId: id = '' } = await ruleOf(world, ENDPOINTS, false)
    return world
      .client(EC2Client)
      .send(new RevokeSecurityGroupIngressCommand({ GroupId, SecurityGroupRuleIds: [id] }))
  }),
  drift(ENDPOINTS, 'ingress.tcp 443 <network/security-group/task>.tagged', (world) =>
    untagRule(world, ENDPOINTS, false),
  ),
  ec2(ENDPOINTS, 'egress.tcp 22 0.0.0.0/0', (client, GroupId) =>
    client.send(new AuthorizeSecurityGroupEgressCommand({ GroupId, IpPermissions: [SSH] })),
  ),
  ec2(EGRESS, 'egress.tcp 22 0.0.0.0/0', (client, _id, world) =>
    client.send(new AuthorizeSecurityGroupEgressCommand({ GroupId: world.id(TASK), IpPermissions: [SSH] })),
  ),
  drift(EGRESS, EGRESS_RULE, async (world) => {
    const { GroupId, SecurityGroupRuleId: id = '' } = await ruleOf(world, TASK, true)
    return world
      .client(EC2Client)
      .send(new RevokeSecurityGroupEgressCommand({ GroupId, SecurityGroupRuleIds: [id] }))
  }),
  ec2(EGRESS, `${EGRESS_RULE}.description`, (client, _id, world) =>
    client.send(
      new UpdateSecurityGroupRuleDescriptionsEgressCommand({
        GroupId: world.id(TASK),
        IpPermissions: [{ ...HTTPS, IpRanges: [{ CidrIp: ANYWHERE, Description: 'by hand' }] }],
      }),
    ),
  ),
  drift(EGRESS, `${EGRESS_RULE}.tagged`, (world) => untagRule(world, TASK, true)),
  ec2('network/acl/public', 'ingress.100', (client, NetworkAclId) =>
    client.send(new ReplaceNetworkAclEntryCommand(entry(NetworkAclId, 100, false))),
  ),
  ec2('network/acl/private', 'egress.50', (client, NetworkAclId) =>
    client.send(new CreateNetworkAclEntryCommand(entry(NetworkAclId, 50, true))),
  ),
  ec2('network/acl/public', 'egress.110', (client, NetworkAclId) =>
    client.send(new DeleteNetworkAclEntryCommand({ NetworkAclId, RuleNumber: 110, Egress: true })),
  ),
  ec2('network/acl/private', 'subnetIds', backToDefault),
]
