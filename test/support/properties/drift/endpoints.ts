import { EC2Client, ModifyVpcEndpointCommand, type ModifyVpcEndpointCommandInput } from '@aws-sdk/client-ec2'
import { drift, type Drift } from '../drift.js'
import type { World } from '../world.js'

const endpoint = (
  service: string,
  path: string,
  change: (world: World) => Partial<ModifyVpcEndpointCommandInput>,
): Drift =>
  drift(`network/endpoint/${service}`, path, (world) =>
    world.client(EC2Client).send(
      new ModifyVpcEndpointCommand({
        VpcEndpointId: world.id(`network/endpoint/${service}`),
        ...change(world),
      }),
    ),
  )

const OPEN = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: '*', Action: '*', Resource: '*' }],
})

/** VPC endpoints. */
export const endpointDrift: Drift[] = [
  endpoint('s3', 'routeTableIds', (world) => ({ RemoveRouteTableIds: [world.id('network/routes/private')] })),
  endpoint('s3', 'policy', () => ({ PolicyDocument: OPEN })),
  endpoint('secretsmanager', 'subnetIds', (world) => ({
    RemoveSubnetIds: [world.id('network/subnet/private/b')],
  })),
  endpoint('secretsmanager', 'securityGroupIds', (world) => ({
    AddSecurityGroupIds: [world.id('network/security-group/task')],
  })),
  endpoint('secretsmanager', 'policy', () => ({ PolicyDocument: OPEN })),
]
