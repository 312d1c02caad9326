import type { Environment } from '../../config/schema.js'

/** Something that a person has to do outside of AWS. */
export interface Step {
  title: string
  details: string[]
}

/** What only a person can do before the agent can be activated (spec §12; docs/datasync.md says the same at length). */
export function activationSteps(environment: Environment, region: string): Step[] {
  const { datasync, name } = environment
  const smb = datasync?.location.type === 'smb'
  const host = datasync?.location.host ?? 'the file server'
  return [
    {
      title: 'Deploy the agent beside the file server',
      details: [
        'Download the image for VMware, KVM or Hyper-V: AWS console, DataSync, Agents, Create agent.',
        'Virtual machine: 4 vCPU, 80 GB disk, 32 GB memory (64 GB for more than 20 million files).',
        'It needs a fixed address, DNS and NTP. Note the address that its console shows.',
      ],
    },
    {
      title: 'Open the firewall',
      details: [
        `Agent to AWS: *.datasync.${region}.amazonaws.com, TCP 443 (with a VPC endpoint instead: its addresses, TCP 443 and 1024-1064).`,
        `Agent to ${host}: ${smb ? 'TCP 445 (SMB)' : 'TCP 2049 (NFS; version 3 also the ports of rpcbind and mountd, usually 111 and 20048)'}.`,
        'Agent to DNS: UDP and TCP 53; to NTP: UDP 123.',
        'This machine to the agent: TCP 80, for the activation only; the agent closes it afterwards.',
      ],
    },
    smb
      ? {
          title: 'Give the agent a user of the share',
          details: [
            'A user with read access to the share, written as `user` (and `domain`) in datapipe.yaml.',
            'Its password as plain text in a secret, named by `secretArn`: aws secretsmanager create-secret --name <name> --secret-string file://<file>',
          ],
        }
      : {
          title: 'Let the agent mount the export',
          details: [
            `Export ${datasync?.location.path ?? 'the folder'} read-only to the address of the agent.`,
            'Files must be readable for it: no_root_squash, or readable by everybody.',
          ],
        },
    {
      title: 'Write files under another name until they are complete',
      details: [
        'DataSync copies whatever is there. Write to name.tmp and rename, or keep unfinished files out with `exclude`.',
      ],
    },
    {
      title: 'Activate the agent, then make the rest',
      details: [
        `datapipe datasync activate --agent-address <address> --env ${name}`,
        `datapipe up --env ${name}`,
        `datapipe datasync run --watch --env ${name}`,
      ],
    },
  ]
}
