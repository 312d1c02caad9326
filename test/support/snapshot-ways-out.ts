import {
  DescribeAddressesCommand,
  DescribeFlowLogsCommand,
  DescribeNatGatewaysCommand,
  DescribeNetworkAclsCommand,
  type EC2Client,
} from '@aws-sdk/client-ec2'
import { count } from './snapshot-lists.js'

/** What of a network is not in every network. AWS's own network ACLs are left out, and NAT gateways that are gone. */
export async function snapshotWaysOut(ec2: EC2Client) {
  const { NatGateways: gateways } = await ec2.send(new DescribeNatGatewaysCommand({}))
  const { NetworkAcls: acls } = await ec2.send(new DescribeNetworkAclsCommand({}))
  return {
    natGateways: count(gateways?.filter(({ State }) => State !== 'deleted')),
    addresses: count((await ec2.send(new DescribeAddressesCommand({}))).Addresses),
    networkAcls: count(acls?.filter(({ IsDefault }) => IsDefault !== true)),
    flowLogs: count((await ec2.send(new DescribeFlowLogsCommand({}))).FlowLogs),
  }
}
