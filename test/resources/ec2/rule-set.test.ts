import { expect } from 'chai'
import { AwsContext } from '../../../src/aws/context.js'
import { diffProperties } from '../../../src/engine/change.js'
import { observedRules, wantedRules } from '../../../src/resources/ec2/rule-set.js'
import { upperTags } from '../../../src/aws/tags.js'
import { testContext } from '../../support/resource.js'
import { https } from './network.js'

describe('rules of a security group', () => {
  const real = testContext()
  const emulator = new AwsContext({ clients: real.clients, names: real.names, emulated: true })

  const differences = (aws: AwsContext, Description: string | undefined) => {
    const ports = { IpProtocol: 'tcp', FromPort: 443, ToPort: 443 }
    const rule = { IsEgress: true, ...ports, PrefixListId: 'pl-s3', Description }
    const observed = observedRules([{ ...rule, Tags: upperTags(aws.tags('id', 'name')) }], 'egress', aws)
    const wanted = wantedRules(observed, [https({ prefixListId: () => 'pl-s3' })], aws)
    return diffProperties(observed, wanted).map((change) => change.path)
  }

  it('differ on AWS when the description is missing, but not on an emulator that forgets it', () => {
    expect(differences(real, undefined)).to.deep.equal(['tcp 443 pl-s3.description'])
    expect(differences(emulator, undefined)).to.deep.equal([])
    expect(differences(emulator, 'other')).to.deep.equal(['tcp 443 pl-s3.description'])
  })
})
