import type { Lifecycle } from '../lifecycle.js'
import type { Rule } from '../rule.js'

/** Ends what has taken its time in EC2, before anything that could notice. Comes before the rules that decide by it. */
export function settling(lifecycle: Lifecycle): Rule {
  return {
    name: 'time passes',
    service: 'ec2',
    actions: [
      'CreateNatGateway',
      'CreateVpcEndpoint',
      'DeleteNatGateway',
      'DeleteSecurityGroup',
      'DeleteSubnet',
      'DeleteVpc',
      'DeleteVpcEndpoints',
      'DescribeAddresses',
      'DescribeNatGateways',
      'DescribeNetworkInterfaces',
      'DescribeVpcEndpoints',
      'DetachInternetGateway',
      'ReleaseAddress',
    ],
    async before() {
      await lifecycle.settle()
      return undefined
    },
  }
}
