import { text } from '../request.js'
import { refuseIf, type Rule } from '../rule.js'
import { ec2Of, interfaces } from './ec2-state.js'

/** A subnet goes when no interface is in it: of a task, an endpoint or a NAT gateway (spec §2.3). */
export function subnetInUse(): Rule {
  return {
    name: 'subnet in use',
    service: 'ec2',
    actions: ['DeleteSubnet'],
    async before(request, emulator) {
      const subnetId = text(request, 'SubnetId')
      return refuseIf(
        await interfaces(ec2Of(emulator, request.region), 'subnet-id', subnetId),
        'DependencyViolation',
        `The subnet '${subnetId}' has dependencies and cannot be deleted.`,
      )
    },
  }
}
