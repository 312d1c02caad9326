import {
  AllocateAddressCommand,
  AssociateRouteTableCommand,
  AttachInternetGatewayCommand,
  AuthorizeSecurityGroupIngressCommand,
  CreateInternetGatewayCommand,
  CreateNatGatewayCommand,
  CreateNetworkAclCommand,
  CreateRouteTableCommand,
  CreateSecurityGroupCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  CreateVpcEndpointCommand,
  type CreateVpcEndpointCommandInput,
  DeleteInternetGatewayCommand,
  DeleteNatGatewayCommand,
  DeleteNetworkAclCommand,
  DeleteRouteTableCommand,
  DeleteSecurityGroupCommand,
  DeleteSubnetCommand,
  DeleteVpcCommand,
  DeleteVpcEndpointsCommand,
  DescribeNatGatewaysCommand,
  DescribeNetworkAclsCommand,
  DescribeVpcEndpointsCommand,
  DetachInternetGatewayCommand,
  EC2Client,
  ReleaseAddressCommand,
  ReplaceNetworkAclAssociationCommand,
} from '@aws-sdk/client-ec2'
import { expect } from 'chai'
import { Emulator } from '../../support/realism/emulator.js'
import { refusal, startStrictAws, type Started } from '../../support/realism/start.js'

describe('the double of AWS refuses in a network', function () {
  this.timeout(120_000)
  let aws: Started
  let clients: Emulator
  let ec2: EC2Client

  before(async () => {
    aws = await startStrictAws({ pace: { looks: 1 } })
    clients = new Emulator(aws.endpoint)
    ec2 = clients.client(EC2Client, 'eu-north-1')
  })
  after(async () => {
    clients.destroy()
    await aws.stop()
  })

  async function network() {
    const { Vpc: vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }))
    const VpcId = vpc?.VpcId ?? ''
    const { Subnet: subnet } = await ec2.send(new CreateSubnetCommand({ VpcId, CidrBlock: '10.0.1.0/24' }))
    return { VpcId, SubnetId: subnet?.SubnetId ?? '' }
  }
  async function gatewayOf(VpcId: string) {
    const { InternetGateway: gateway } = await ec2.send(new CreateInternetGatewayCommand({}))
    const InternetGatewayId = gateway?.InternetGatewayId ?? ''
    await ec2.send(new AttachInternetGatewayCommand({ VpcId, InternetGatewayId }))
    return InternetGatewayId
  }
  async function groupOf(VpcId: string, GroupName: string) {
    const { GroupId } = await ec2.send(
      new CreateSecurityGroupCommand({ VpcId, GroupName, Description: GroupName }),
    )
    return GroupId ?? ''
  }
  const natState = async (id: string) => {
    const { NatGateways: found } = await ec2.send(new DescribeNatGatewaysCommand({ NatGatewayIds: [id] }))
    return [found?.[0]?.State, found?.[0]?.FailureCode]
  }
  const endpointState = async (id: string) => {
    const { VpcEndpoints: found } = await ec2.send(new DescribeVpcEndpointsCommand({ VpcEndpointIds: [id] }))
    return String(found?.[0]?.State)
  }

  it('what a NAT gateway holds, until it is deleted', async () => {
    const { SubnetId, VpcId } = await network()
    const InternetGatewayId = await gatewayOf(VpcId)
    const { AllocationId } = await ec2.send(new AllocateAddressCommand({ Domain: 'vpc' }))
    const created = await ec2.send(new CreateNatGatewayCommand({ SubnetId, AllocationId }))
    const NatGatewayId = created.NatGateway?.NatGatewayId ?? ''
    expect(created.NatGateway?.State).to.equal('pending')
    expect(await natState(NatGatewayId)).to.deep.equal(['pending', undefined])
    expect(await natState(NatGatewayId)).to.deep.equal(['available', undefined])

    const release = () => refusal(ec2.send(new ReleaseAddressCommand({ AllocationId })))
    const detach = () => refusal(ec2.send(new DetachInternetGatewayCommand({ VpcId, InternetGatewayId })))
    const removeSubnet = () => refusal(ec2.send(new DeleteSubnetCommand({ SubnetId })))
    const removeVpc = () => refusal(ec2.send(new DeleteVpcCommand({ VpcId })))
    expect(await release()).to.equal('InvalidIPAddress.InUse')
    const held = ['DependencyViolation', 'DependencyViolation', 'DependencyViolation']
    expect([await detach(), await removeSubnet(), await removeVpc()]).to.deep.equal(held)

    await ec2.send(new DeleteNatGatewayCommand({ NatGatewayId }))
    expect(await release()).to.equal('AuthFailure')
    expect([await detach(), await removeSubnet(), await removeVpc()]).to.deep.equal(held)
    expect(await natState(NatGatewayId)).to.deep.equal(['deleting', undefined])
    expect(await natState(NatGatewayId)).to.deep.equal(['deleted', undefined])

    expect(await refusal(ec2.send(new DeleteInternetGatewayCommand({ InternetGatewayId })))).to.equal(
      'DependencyViolation',
    )
    const gone = [await release(), await removeSubnet()]
    expect(await removeVpc(), 'the gateway is attached').to.equal('DependencyViolation')
    expect([...gone, await detach(), await removeVpc()]).to.deep.equal(Array(4).fill('not refused'))
  })

  it('a NAT gateway without an internet gateway', async () => {
    const { SubnetId } = await network()
    const { AllocationId } = await ec2.send(new AllocateAddressCommand({ Domain: 'vpc' }))
    const created = await ec2.send(new CreateNatGatewayCommand({ SubnetId, AllocationId }))
    const id = created.NatGateway?.NatGatewayId ?? ''
    expect(await natState(id)).to.deep.equal(['failed', 'Gateway.NotAttached'])
    expect(await natState(id)).to.deep.equal(['failed', 'Gateway.NotAttached'])
  })

  it('what an interface endpoint holds, until it is deleted', async () => {
    const { SubnetId, VpcId } = await network()
    const GroupId = await groupOf(VpcId, 'endpoints')
    const endpoint = {
      VpcId,
      VpcEndpointType: 'Interface',
      ServiceName: 'com.amazonaws.eu-north-1.logs',
      SubnetIds: [SubnetId],
      SecurityGroupIds: [GroupId],
      PrivateDnsEnabled: true,
    } satisfies CreateVpcEndpointCommandInput
    const created = await ec2.send(new CreateVpcEndpointCommand(endpoint))
    const id = created.VpcEndpoint?.VpcEndpointId ?? ''
    expect(await endpointState(id)).to.equal('pending')
    expect(await endpointState(id)).to.equal('available')

    const removeGroup = () => refusal(ec2.send(new DeleteSecurityGroupCommand({ GroupId })))
    const removeSubnet = () => refusal(ec2.send(new DeleteSubnetCommand({ SubnetId })))
    const held = ['DependencyViolation', 'DependencyViolation']
    expect([await removeGroup(), await removeSubnet()]).to.deep.equal(held)
    await ec2.send(new DeleteVpcEndpointsCommand({ VpcEndpointIds: [id] }))
    expect([await removeGroup(), await removeSubnet()]).to.deep.equal(held)
    expect(await refusal(ec2.send(new CreateVpcEndpointCommand(endpoint)))).to.equal('InvalidParameter')
    expect(await endpointState(id)).to.equal('deleting')
    expect(await endpointState(id)).to.equal('deleted')
    expect([await removeGroup(), await removeSubnet()]).to.deep.equal(['not refused', 'not refused'])
    const again = await ec2.send(new DeleteVpcEndpointsCommand({ VpcEndpointIds: [id] }))
    expect(again.Unsuccessful?.[0]?.Error?.Code).to.equal('InvalidVpcEndpointId.NotFound')
  })

  it('a group that a rule of another one names, and every group in a VPC', async () => {
    const { SubnetId, VpcId } = await network()
    const named = await groupOf(VpcId, 'named')
    const naming = await groupOf(VpcId, 'naming')
    await ec2.send(
      new AuthorizeSecurityGroupIngressCommand({
        GroupId: naming,
        IpPermissions: [
          { IpProtocol: 'tcp', FromPort: 443, ToPort: 443, UserIdGroupPairs: [{ GroupId: named }] },
        ],
      }),
    )
    const remove = (GroupId: string) => refusal(ec2.send(new DeleteSecurityGroupCommand({ GroupId })))
    const removeVpc = () => refusal(ec2.send(new DeleteVpcCommand({ VpcId })))
    expect(await remove(named)).to.equal('DependencyViolation')
    await ec2.send(new DeleteSubnetCommand({ SubnetId }))
    expect(await removeVpc()).to.equal('DependencyViolation')
    expect([await remove(naming), await remove(named), await removeVpc()]).to.deep.equal(
      Array(3).fill('not refused'),
    )
  })

  it('route tables and network ACLs that a subnet uses, and what is left in a VPC', async () => {
    const { SubnetId, VpcId } = await network()
    const { RouteTable: table } = await ec2.send(new CreateRouteTableCommand({ VpcId }))
    const RouteTableId = table?.RouteTableId
    await ec2.send(new AssociateRouteTableCommand({ RouteTableId, SubnetId }))
    expect(await refusal(ec2.send(new DeleteRouteTableCommand({ RouteTableId })))).to.equal(
      'DependencyViolation',
    )
    const { NetworkAcl: acl } = await ec2.send(new CreateNetworkAclCommand({ VpcId }))
    const { NetworkAcls: acls = [] } = await ec2.send(
      new DescribeNetworkAclsCommand({ Filters: [{ Name: 'association.subnet-id', Values: [SubnetId] }] }),
    )
    const NetworkAclId = acl?.NetworkAclId
    const current = acls[0]?.Associations?.find((found) => found.SubnetId === SubnetId)
    const { NewAssociationId: AssociationId } = await ec2.send(
      new ReplaceNetworkAclAssociationCommand({
        AssociationId: current?.NetworkAclAssociationId,
        NetworkAclId,
      }),
    )
    expect(await refusal(ec2.send(new DeleteNetworkAclCommand({ NetworkAclId })))).to.equal(
      'DependencyViolation',
    )
    await ec2.send(
      new ReplaceNetworkAclAssociationCommand({ AssociationId, NetworkAclId: acls[0]?.NetworkAclId }),
    )
    await ec2.send(new DeleteSubnetCommand({ SubnetId }))
    expect(await refusal(ec2.send(new DeleteVpcCommand({ VpcId })))).to.equal('DependencyViolation')
    await ec2.send(new DeleteNetworkAclCommand({ NetworkAclId }))
    expect(await refusal(ec2.send(new DeleteVpcCommand({ VpcId })))).to.equal('DependencyViolation')
  })
})
