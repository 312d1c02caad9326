import type { SecurityGroupRule } from '@aws-sdk/client-ec2'
import { expect } from 'chai'
import type { Rule } from '../../../src/resources/ec2/security-group-rules.js'
import { SecurityGroup } from '../../../src/resources/ec2/security-group.js'
import { testOperation } from '../../support/resource.js'
import { drift, ensure, remove, withoutWaiting } from './converge.js'
import { awsError, FakeEc2 } from './fake-ec2.js'
import { https } from './network.js'

const WAY_OUT = https({ cidr: '0.0.0.0/0', description: 'HTTPS to AWS' })

describe('SecurityGroup', () => {
  let ec2: FakeEc2
  const make = (rules: { ingress?: Rule[]; egress?: Rule[]; description?: string } = {}, part = 'task') =>
    new SecurityGroup(ec2.run(), `network/group/${part}`, `dp-sensors-dev-${part}`, {
      ...{ vpcId: () => 'vpc-1', description: 'Tasks', ingress: [], egress: [WAY_OUT] },
      ...rules,
    })
  const rules = () => [...ec2.rules.values()]
  const inWords = () =>
    rules().map((rule) =>
      [
        rule.IsEgress ? 'out' : 'in',
        rule.IpProtocol,
        rule.FromPort,
        rule.CidrIpv4 ?? rule.PrefixListId ?? rule.ReferencedGroupInfo?.GroupId,
      ].join(' '),
    )
  const addRule = (rule: SecurityGroupRule) => {
    const GroupId = [...ec2.groups.keys()][0]
    ec2.rules.set('sgr-x', { SecurityGroupRuleId: 'sgr-x', GroupId, IpProtocol: 'tcp', ...rule })
  }

  beforeEach(() => {
    ec2 = new FakeEc2()
    ec2.vpcs.set('vpc-1', { VpcId: 'vpc-1', dnsSupport: true, dnsHostnames: true })
  })

  it('is created with exactly its rules, each described and tagged', async () => {
    const group = make({
      ingress: [https({ sourceGroupId: () => 'sg-peer' })],
      egress: [WAY_OUT, https({ prefixListId: () => 'pl-s3' })],
    })
    await ensure(group)
    expect(inWords()).to.deep.equal(['in tcp 443 sg-peer', 'out tcp 443 0.0.0.0/0', 'out tcp 443 pl-s3'])
    for (const rule of rules()) {
      expect(rule.Description).to.match(/^HTTPS/)
      expect(rule.Tags).to.deep.include({ Key: 'datapipe:id', Value: 'network/group/task' })
    }
  })

  it('may let everything out when that is wanted, with a rule of its own', async () => {
    const everything = {
      protocol: '-1',
      fromPort: -1,
      toPort: -1,
      cidr: '0.0.0.0/0',
      description: 'Anywhere',
    }
    await ensure(make({ egress: [everything] }))
    expect(rules().map((rule) => rule.Description)).to.deep.equal(['Anywhere'])
    expect(await drift(make({ egress: [everything] }))).to.deep.equal([])
  })

  it('removes rules that nobody asked for, adds those that are missing, and describes the others', async () => {
    await ensure(make())
    addRule({ IsEgress: false, FromPort: 22, ToPort: 22, CidrIpv4: '0.0.0.0/0' })
    const inside = https({ cidr: '10.20.0.0/16', description: 'HTTPS inside' })
    const { changes } = await ensure(make({ egress: [{ ...WAY_OUT, description: 'Out' }, inside] }))
    expect(changes).to.deep.equal([
      {
        path: 'ingress.tcp 22 0.0.0.0/0',
        from: { description: undefined, tagged: false },
        to: null,
        replaces: false,
      },
      { path: 'egress.tcp 443 0.0.0.0/0.description', from: 'HTTPS to AWS', to: 'Out', replaces: false },
      {
        path: 'egress.tcp 443 10.20.0.0/16',
        from: null,
        to: { description: 'HTTPS inside', tagged: true },
        replaces: false,
      },
    ])
    expect(inWords()).to.deep.equal(['out tcp 443 0.0.0.0/0', 'out tcp 443 10.20.0.0/16'])
    expect(rules().map((rule) => rule.Description)).to.deep.equal(['Out', 'HTTPS inside'])
  })

  it('adds before it removes, so that nothing stops working in between', async () => {
    await ensure(make())
    await ensure(make({ egress: [https({ cidr: '10.0.0.0/8' })] }))
    expect(ec2.called('AuthorizeSecurityGroupEgress', 'RevokeSecurityGroupEgress')).to.deep.equal([
      'AuthorizeSecurityGroupEgress',
      'RevokeSecurityGroupEgress',
    ])
  })

  it('tags a wanted rule that somebody made by hand', async () => {
    await ensure(make())
    rules()[0]!.Tags = []
    expect((await ensure(make())).changes.map((change) => change.path)).to.deep.equal([
      'egress.tcp 443 0.0.0.0/0.tagged',
    ])
    expect(await drift(make())).to.deep.equal([])
  })

  it('is fine when a rule came or went since it looked', async () => {
    await ensure(make())
    addRule({ IsEgress: true, FromPort: 80, ToPort: 80, CidrIpv4: '0.0.0.0/0' })
    const group = make({ egress: [https({ cidr: '10.0.0.0/8' })] })
    const seen = await group.read()
    const changes = group.diff(seen!)
    addRule({ IsEgress: true, FromPort: 443, ToPort: 443, CidrIpv4: '10.0.0.0/8' })
    ec2.fail(
      'RevokeSecurityGroupEgress',
      awsError('InvalidPermission.NotFound'),
      awsError('InvalidSecurityGroupRuleId.NotFound'),
    )
    await group.update(seen!, changes)
    expect(ec2.called('RevokeSecurityGroupEgress')).to.have.length(2)
  })

  it('is replaced for another description', async () => {
    await ensure(make())
    expect(await drift(make({ description: 'Workers' }))).to.deep.equal([
      { path: 'description', from: 'Tasks', to: 'Workers', replaces: true },
    ])
  })

  it('is created although EC2 does not see it everywhere at once', async () => {
    const group = make()
    ec2.fail('RevokeSecurityGroupEgress', awsError('InvalidGroup.NotFound'))
    ec2.fail('AuthorizeSecurityGroupEgress', awsError('InvalidGroup.NotFound'))
    await withoutWaiting(() => group.create(testOperation()))
    expect(inWords()).to.deep.equal(['out tcp 443 0.0.0.0/0'])
  })

  it('takes over the group of an earlier run that the list did not show yet', async () => {
    await ensure(make())
    const [groupId] = ec2.groups.keys()
    expect(await make().create(testOperation())).to.deep.equal({ groupId })
    expect(ec2.groups.size).to.equal(1)
  })

  it('does not touch a foreign group of the same name', async () => {
    ec2.groups.set('sg-9', { GroupId: 'sg-9', GroupName: 'dp-sensors-dev-task', VpcId: 'vpc-1', Tags: [] })
    addRule({ IsEgress: false, FromPort: 22, ToPort: 22, CidrIpv4: '0.0.0.0/0' })
    const group = make()
    expect(await group.read()).to.include({ physicalId: 'sg-9', owned: false })
    const error = await group.create(testOperation()).catch((thrown: unknown) => thrown)
    expect(error).to.include({ code: 'NAME_TAKEN' })
    expect((error as Error).message).to.contain('sg-9')
    expect(inWords()).to.deep.equal(['in tcp 22 0.0.0.0/0'])
  })

  it('names the quota when it may have no more rules', async () => {
    const group = make()
    ec2.fail('AuthorizeSecurityGroupEgress', awsError('RulesPerSecurityGroupLimitExceeded'))
    const error = await group.create(testOperation()).catch((thrown: unknown) => thrown)
    expect((error as Error).message).to.contain('L-0EA8095F')
  })

  describe('when two groups refer to each other', () => {
    beforeEach(async () => {
      const task = make()
      await ensure(task)
      const { groupId } = task.attributes
      await ensure(make({ ingress: [https({ sourceGroupId: () => groupId })], egress: [] }, 'endpoints'))
    })

    it('revokes the rule of our other group and deletes this one', async () => {
      expect(await remove(make())).to.deep.equal({ status: 'deleted' })
      expect([...ec2.groups.values()].map((group) => group.GroupName)).to.deep.equal([
        'dp-sensors-dev-endpoints',
      ])
      expect(rules()).to.deep.equal([])
    })

    it('leaves the rule of a foreign group alone and reports it', async () => {
      const other = [...ec2.groups.values()][1]!
      other.Tags = []
      const rule = rules().find((candidate) => candidate.GroupId === other.GroupId)
      expect(await withoutWaiting(() => remove(make()))).to.deep.equal({
        status: 'blocked',
        by: [
          `rule ${rule?.SecurityGroupRuleId} of security group ${other.GroupId} (dp-sensors-dev-endpoints)`,
        ],
      })
      expect(rules()).to.deep.include(rule)
    })
  })

  it('is deleted once the interfaces that use it are gone', async () => {
    await ensure(make())
    const [GroupId] = ec2.groups.keys()
    ec2.interfaces.set('eni-1', {
      NetworkInterfaceId: 'eni-1',
      Groups: [{ GroupId }],
      RequesterManaged: true,
    })
    const op = { ...testOperation(), waiting: () => void ec2.interfaces.clear() }
    expect(await withoutWaiting(() => remove(make(), op))).to.deep.equal({ status: 'deleted' })
  })

  it('keeps a rule for its own members as long as it is not deleted itself', async () => {
    await ensure(make())
    const [GroupId] = ec2.groups.keys()
    addRule({ IsEgress: false, FromPort: 443, ToPort: 443, ReferencedGroupInfo: { GroupId } })
    ec2.interfaces.set('eni-1', { NetworkInterfaceId: 'eni-1', Groups: [{ GroupId }] })
    expect((await withoutWaiting(() => remove(make()))).status).to.equal('blocked')
    expect(inWords()).to.include(`in tcp 443 ${GroupId}`)
  })
})
