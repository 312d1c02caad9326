import { text } from '../request.js'
import { refuseIf, type Rule } from '../rule.js'
import { ec2Of, interfaces } from './ec2-state.js'

/**
 * A gateway is not detached while an interface in its VPC has a public address (spec §2.4).
 * @param isPublic whether an interface has one that the emulator knows nothing of
 */
export function gatewayInUse(isPublic: (interfaceId: string) => boolean): Rule {
  return {
    name: 'internet gateway in use',
    service: 'ec2',
    actions: ['DetachInternetGateway'],
    async before(request, emulator) {
      const vpcId = text(request, 'VpcId')
      const found = await interfaces(ec2Of(emulator, request.region), 'vpc-id', vpcId)
      return refuseIf(
        found.filter(
          ({ Association, NetworkInterfaceId }) =>
            Association?.PublicIp !== undefined || isPublic(NetworkInterfaceId ?? ''),
        ),
        'DependencyViolation',
        `Network ${vpcId} has some mapped public address(es). Please unmap those public address(es) before detaching the gateway.`,
      )
    },
  }
}
