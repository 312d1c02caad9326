import type { AwsContext } from '../../aws/context.js'
import type { Subnet } from '../../resources/ec2/subnet.js'
import { NetworkAcl } from '../../resources/ec2/network-acl.js'
import type { AclEntry } from '../../resources/ec2/network-acl-entries.js'
import type { Vpc } from '../../resources/ec2/vpc.js'

const ANYWHERE = '0.0.0.0/0'
/** Where answers come back to. */
const EPHEMERAL = { from: 1024, to: 65_535 }
const HTTPS = { from: 443, to: 443 }

const tcp = (number: number, ports: { from: number; to: number }, cidr: string): AclEntry => ({
  number,
  protocol: 'tcp',
  ...ports,
  cidr,
})
/** "Fragmentation needed": without it, connections over a path with smaller packets hang. */
const tooLarge: AclEntry = { number: 900, protocol: 'icmp', from: 3, to: 4, cidr: ANYWHERE }

/**
 * Network ACLs for the subnets (spec §2.8): out by HTTPS, in only answers. They know no connections, so they say what the
 * answers need, and what a NAT gateway passes on. DNS of the VPC is never filtered by them.
 */
export function networkAcls(
  aws: AwsContext,
  vpc: Vpc,
  cidr: string,
  subnets: { public: Subnet[]; private: Subnet[] },
): NetworkAcl[] {
  const make = (kind: 'public' | 'private', ingress: AclEntry[], egress: AclEntry[]) =>
    new NetworkAcl(
      aws,
      `network/acl/${kind}`,
      `${aws.names.stem}-${kind}`,
      {
        vpcId: () => vpc.attributes.vpcId,
        ingress,
        egress,
        subnetIds: () => subnets[kind].map((subnet) => subnet.attributes.subnetId),
      },
      { within: [vpc], dependsOn: subnets[kind] },
    )
  return [
    make(
      'public',
      [tcp(100, EPHEMERAL, ANYWHERE), tcp(110, HTTPS, cidr), tooLarge],
      [tcp(100, HTTPS, ANYWHERE), tcp(110, EPHEMERAL, cidr)],
    ),
    make(
      'private',
      [tcp(100, { from: 0, to: 65_535 }, cidr), tcp(110, EPHEMERAL, ANYWHERE), tooLarge],
      [tcp(100, { from: 0, to: 65_535 }, cidr), tcp(110, HTTPS, ANYWHERE)],
    ),
  ]
}
