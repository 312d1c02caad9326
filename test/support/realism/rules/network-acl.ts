import { DescribeNetworkAclsCommand } from '@aws-sdk/client-ec2'
import { text } from '../request.js'
import { refuseIf, type Rule } from '../rule.js'
import { ec2Of } from './ec2-state.js'

/** What is refused when it was done already; the emulator fails with errors of its own. */
export function networkAclsOnce(): Rule[] {
  return [entries(), associations()]
}

/** An association has another id once it was replaced. */
function associations(): Rule {
  return {
    name: 'network ACL association',
    service: 'ec2',
    actions: ['ReplaceNetworkAclAssociation'],
    async before(request, emulator) {
      const id = text(request, 'AssociationId')
      const { NetworkAcls: acls = [] } = await ec2Of(emulator, request.region).send(
        new DescribeNetworkAclsCommand({}),
      )
      const known = acls.flatMap(({ Associations: all = [] }) =>
        all.map(({ NetworkAclAssociationId }) => NetworkAclAssociationId),
      )
      return refuseIf(
        !known.includes(id),
        'InvalidAssociationID.NotFound',
        `The association ID '${id}' does not exist`,
      )
    },
  }
}

/** An entry is added when it is not there, and removed when it is. */
function entries(): Rule {
  return {
    name: 'network ACL entry',
    service: 'ec2',
    actions: ['CreateNetworkAclEntry', 'DeleteNetworkAclEntry'],
    async before(request, emulator) {
      const id = text(request, 'NetworkAclId')
      const { NetworkAcls: found = [] } = await ec2Of(emulator, request.region).send(
        new DescribeNetworkAclsCommand({ NetworkAclIds: [id] }),
      )
      const [acl] = found
      // The emulator says so itself.
      if (acl === undefined) return undefined
      const number = text(request, 'RuleNumber')
      const egress = text(request, 'Egress') === 'true'
      const exists = acl.Entries?.some(
        (entry) => String(entry.RuleNumber) === number && entry.Egress === egress,
      )
      return request.action === 'CreateNetworkAclEntry'
        ? refuseIf(
            exists,
            'NetworkAclEntryAlreadyExists',
            `The network acl entry identified by ${number} already exists.`,
          )
        : refuseIf(
            exists !== true,
            'InvalidNetworkAclEntry.NotFound',
            `The network acl entry identified by ${number} does not exist.`,
          )
    },
  }
}
