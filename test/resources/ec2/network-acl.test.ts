import { expect } from 'chai'
import type { AclEntry } from '../../../src/resources/ec2/network-acl-entries.js'
import { NetworkAcl } from '../../../src/resources/ec2/network-acl.js'
import { testOperation } from '../../support/resource.js'
import { drift, ensure, remove } from './converge.js'
import { FakeEc2 } from './fake-ec2.js'
import { addBirthAcl, associateWithDefault } from './fake-acls.js'

const OUT: AclEntry = { number: 100, protocol: 'tcp', from: 443, to: 443, cidr: '0.0.0.0/0' }
const BACK: AclEntry = { number: 100, protocol: 'tcp', from: 1024, to: 65_535, cidr: '0.0.0.0/0' }

describe('NetworkAcl', () => {
  let ec2: FakeEc2
  const make = (subnets = ['subnet-1'], ingress: AclEntry[] = [BACK], egress: AclEntry[] = [OUT]) =>
    new NetworkAcl(ec2.run(), 'network/acl/private', 'dp-sensors-dev-private', {
      vpcId: () => 'vpc-1',
      ingress,
      egress,
      subnetIds: () => subnets,
    })
  const usedBy = (subnetId: string) =>
    [...ec2.acls.values()].find((acl) => acl.Associations?.some((found) => found.SubnetId === subnetId))

  beforeEach(() => {
    ec2 = new FakeEc2()
    ec2.vpcs.set('vpc-1', { VpcId: 'vpc-1', dnsSupport: true, dnsHostnames: true })
    addBirthAcl(ec2, 'vpc-1')
    for (const subnet of ['subnet-1', 'subnet-2']) associateWithDefault(ec2, 'vpc-1', subnet)
  })

  it('has its entries before a subnet uses it', async () => {
    await ensure(make())
    expect(ec2.called('CreateNetworkAclEntry', 'ReplaceNetworkAclAssociation')).to.deep.equal([
      'CreateNetworkAclEntry',
      'CreateNetworkAclEntry',
      'ReplaceNetworkAclAssociation',
    ])
    expect(usedBy('subnet-1')?.IsDefault).to.equal(false)
    expect(usedBy('subnet-2')?.IsDefault).to.equal(true)
    expect((await ensure(make())).action).to.equal('unchanged')
  })

  it('names the entry that differs, and changes only that', async () => {
    await ensure(make())
    const wider = { ...OUT, cidr: '10.20.0.0/16' }
    const added: AclEntry = { number: 900, protocol: 'icmp', from: 3, to: 4, cidr: '0.0.0.0/0' }
    const { changes } = await ensure(make(['subnet-1'], [added], [wider]))
    expect(changes).to.deep.equal([
      { path: 'ingress.100', from: 'allow tcp 1024-65535 0.0.0.0/0', to: null, replaces: false },
      { path: 'ingress.900', from: null, to: 'allow icmp 3-4 0.0.0.0/0', replaces: false },
      {
        path: 'egress.100',
        from: 'allow tcp 443-443 0.0.0.0/0',
        to: 'allow tcp 443-443 10.20.0.0/16',
        replaces: false,
      },
    ])
    expect(await drift(make(['subnet-1'], [added], [wider]))).to.deep.equal([])
  })

  it('lets a subnet use the default ACL again when it is no longer wanted', async () => {
    await ensure(make(['subnet-1', 'subnet-2']))
    expect((await ensure(make(['subnet-2']))).changes.map(({ path }) => path)).to.deep.equal(['subnetIds'])
    expect(usedBy('subnet-1')?.IsDefault).to.equal(true)
    expect(usedBy('subnet-2')?.IsDefault).to.equal(false)
  })

  it('gives its subnets back before it is deleted', async () => {
    await ensure(make(['subnet-1', 'subnet-2']))
    const made = make()
    const seen = await made.read()
    expect(await made.delete(seen!, testOperation())).to.deep.equal({ status: 'deleted' })
    expect(usedBy('subnet-1')?.IsDefault).to.equal(true)
    expect(await made.delete(seen!, testOperation())).to.deep.equal({ status: 'absent' })
    expect(await remove(make())).to.deep.equal({ status: 'absent' })
  })
})
