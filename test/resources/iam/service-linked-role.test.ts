import { CreateServiceLinkedRoleCommand, IAMClient, ListRolesCommand } from '@aws-sdk/client-iam'
import { expect } from 'chai'
import { ServiceLinkedRole } from '../../../src/resources/iam/service-linked-role.js'
import { testContext } from '../../support/resource.js'
import { suiteMock } from '../../support/suite-mock.js'

describe('ServiceLinkedRole', () => {
  const iam = suiteMock(IAMClient)
  const role = new ServiceLinkedRole(testContext(), 'security/service-role/ecs', 'ecs.amazonaws.com')
  const failure = (name: string, message: string) => Object.assign(new Error(message), { name })

  beforeEach(() => iam.reset())

  it('is found by the path of its service', async () => {
    iam.on(ListRolesCommand).resolves({ Roles: [] })
    iam
      .on(ListRolesCommand, { PathPrefix: '/aws-service-role/ecs.amazonaws.com/' })
      .resolves({ Roles: [{}] as never[] })
    const observed = (await role.read())!
    expect(observed.owned).to.equal(true)
    expect(role.diff()).to.deep.equal([])
  })

  it('is absent when the service has none, though another page may follow', async () => {
    iam
      .on(ListRolesCommand)
      .resolvesOnce({ Roles: [], IsTruncated: true, Marker: 'm' })
      .resolves({ Roles: [] })
    expect(await role.read()).to.equal(undefined)
    expect(iam.commandCalls(ListRolesCommand)).to.have.length(2)
  })

  it('is content when somebody else made it first', async () => {
    iam
      .on(CreateServiceLinkedRoleCommand)
      .rejectsOnce(
        failure(
          'InvalidInputException',
          'Service role name AWSServiceRoleForECS has been taken in this account, please try a different suffix.',
        ),
      )
      .rejectsOnce(
        failure('EntityAlreadyExistsException', 'Role with name AWSServiceRoleForecs already exists.'),
      )
    expect(await role.create()).to.deep.equal({ service: 'ecs.amazonaws.com' })
    expect(await role.create()).to.deep.equal({ service: 'ecs.amazonaws.com' })
  })

  it('passes other refusals on', async () => {
    iam.on(CreateServiceLinkedRoleCommand).rejects(failure('InvalidInputException', 'no such service'))
    const error = await role.create().catch((thrown: unknown) => thrown)
    expect(error).to.have.property('message', 'no such service')
  })

  it('is kept: the whole account uses it', async () => {
    expect(await role.delete()).to.deep.equal({ status: 'retained' })
    expect(iam.calls()).to.have.length(0)
  })
})
