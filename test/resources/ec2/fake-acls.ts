import type {
  CreateNetworkAclEntryRequest,
  CreateNetworkAclRequest,
  DeleteNetworkAclEntryRequest,
  DescribeNetworkAclsRequest,
  NetworkAcl,
  ReplaceNetworkAclAssociationRequest,
} from '@aws-sdk/client-ec2'
import { awsError, existing, tagsOf, type FakeEc2, type Handlers } from './fake-ec2.js'
import { select } from './fake-filters.js'

const NO_ACL = 'InvalidNetworkAclID.NotFound'

/** Every VPC is born with an ACL that lets everything through. */
export function addBirthAcl(ec2: FakeEc2, VpcId: string): void {
  const NetworkAclId = ec2.id('acl')
  ec2.acls.set(NetworkAclId, {
    NetworkAclId,
    VpcId,
    IsDefault: true,
    Entries: [],
    Associations: [],
    Tags: [],
  })
}

export function associateWithDefault(ec2: FakeEc2, vpcId: string | undefined, subnetId: string): void {
  const acl = [...ec2.acls.values()].find((found) => found.VpcId === vpcId && found.IsDefault === true)
  if (acl !== undefined) join(ec2, acl, subnetId)
}

function join(ec2: FakeEc2, acl: NetworkAcl, SubnetId: string | undefined): string {
  const NetworkAclAssociationId = ec2.id('aclassoc')
  const { NetworkAclId } = acl
  acl.Associations = [...(acl.Associations ?? []), { NetworkAclAssociationId, NetworkAclId, SubnetId }]
  return NetworkAclAssociationId
}

export function aclHandlers(ec2: FakeEc2): Handlers {
  const put = (replace: boolean) => (input: CreateNetworkAclEntryRequest) => {
    const acl = existing(ec2.acls, input.NetworkAclId, NO_ACL)
    const others = acl.Entries?.filter(
      (entry) => entry.RuleNumber !== input.RuleNumber || entry.Egress !== input.Egress,
    )
    if (!replace && others?.length !== acl.Entries?.length) throw awsError('NetworkAclEntryAlreadyExists')
    const { CidrBlock, Egress, IcmpTypeCode, PortRange, Protocol, RuleAction, RuleNumber } = input
    const entry = { CidrBlock, Egress, IcmpTypeCode, PortRange, Protocol, RuleAction, RuleNumber }
    acl.Entries = [...(others ?? []), entry]
    return {}
  }
  return {
    CreateNetworkAcl: (input: CreateNetworkAclRequest) => {
      existing(ec2.vpcs, input.VpcId, 'InvalidVpcID.NotFound')
      const NetworkAclId = ec2.id('acl')
      const last = { RuleNumber: 32767, Protocol: '-1', RuleAction: 'deny' as const, CidrBlock: '0.0.0.0/0' }
      const acl: NetworkAcl = {
        ...{ NetworkAclId, VpcId: input.VpcId, IsDefault: false, Associations: [], Tags: tagsOf(input) },
        Entries: [
          { ...last, Egress: true },
          { ...last, Egress: false },
        ],
      }
      ec2.acls.set(NetworkAclId, acl)
      return { NetworkAcl: acl }
    },
    DescribeNetworkAcls: (input: DescribeNetworkAclsRequest) => ({
      NetworkAcls:
        input.NetworkAclIds?.map((id) => existing(ec2.acls, id, NO_ACL)) ??
        select(ec2.acls.values(), input.Filters, {
          'vpc-id': (acl) => [acl.VpcId],
          default: (acl) => [String(acl.IsDefault)],
          'association.subnet-id': (acl) => acl.Associations?.map((found) => found.SubnetId) ?? [],
        }),
    }),
    CreateNetworkAclEntry: put(false),
    ReplaceNetworkAclEntry: put(true),
    DeleteNetworkAclEntry: (input: DeleteNetworkAclEntryRequest) => {
      const acl = existing(ec2.acls, input.NetworkAclId, NO_ACL)
      const others = acl.Entries?.filter(
        (entry) => entry.RuleNumber !== input.RuleNumber || entry.Egress !== input.Egress,
      )
      if (others?.length === acl.Entries?.length) throw awsError('InvalidNetworkAclEntry.NotFound')
      acl.Entries = others
      return {}
    },
    ReplaceNetworkAclAssociation: (input: ReplaceNetworkAclAssociationRequest) => {
      const target = existing(ec2.acls, input.NetworkAclId, NO_ACL)
      for (const acl of ec2.acls.values()) {
        const current = acl.Associations?.find(
          (found) => found.NetworkAclAssociationId === input.AssociationId,
        )
        if (current === undefined) continue
        acl.Associations = acl.Associations?.filter((found) => found !== current)
        return { NewAssociationId: join(ec2, target, current.SubnetId) }
      }
      throw awsError('InvalidAssociationID.NotFound')
    },
    DeleteNetworkAcl: ({ NetworkAclId }: { NetworkAclId: string }) => {
      const acl = existing(ec2.acls, NetworkAclId, NO_ACL)
      if ((acl.Associations ?? []).length > 0)
        throw awsError('DependencyViolation', `The networkAcl '${NetworkAclId}' has dependencies.`)
      ec2.acls.delete(NetworkAclId)
      return {}
    },
  }
}
