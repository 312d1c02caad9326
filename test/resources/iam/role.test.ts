import {
  CreateRoleCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  IAMClient,
  ListAttachedRolePoliciesCommand,
  ListInstanceProfilesForRoleCommand,
  ListRolePoliciesCommand,
  PutRolePolicyCommand,
  UpdateRoleCommand,
  type Role as AwsRole,
} from '@aws-sdk/client-iam'
import { expect } from 'chai'
import { policy, trust, type PolicyDocument } from '../../../src/aws/policy.js'
import { upperTags } from '../../../src/aws/tags.js'
import { Role, type RoleProperties } from '../../../src/resources/iam/role.js'
import { testContext, testOperation } from '../../support/resource.js'
import { suiteMock } from '../../support/suite-mock.js'

const BOUNDARY = 'arn:aws:iam::111122223333:policy/boundary'
const TRUST = trust('ecs-tasks.amazonaws.com', undefined)
const POLICY = policy(
  { Sid: 'Read', Effect: 'Allow', Action: ['s3:GetObject', 's3:ListBucket'], Resource: 'arn:aws:s3:::raw/*' },
  { Sid: 'Write', Effect: 'Allow', Action: 's3:PutObject', Resource: 'arn:aws:s3:::out/*' },
)
const PROPERTIES: RoleProperties = {
  trust: () => TRUST,
  policy: () => POLICY,
  permissionsBoundary: BOUNDARY,
  description: 'datapipe dev: the transform',
}

/** As IAM returns a policy. */
const encoded = (document: object) => encodeURIComponent(JSON.stringify(document, null, 2))

describe('Role', () => {
  const aws = testContext()
  const iam = suiteMock(IAMClient)
  const op = testOperation()
  const role = new Role(aws, 'security/role/ecs-task', 'dp-sensors-dev-ecs-task-use1', PROPERTIES)
  const gone = Object.assign(new Error('gone'), { name: 'NoSuchEntityException' })

  beforeEach(() => iam.reset())

  interface Answers {
    role?: Partial<AwsRole>
    policy?: PolicyDocument | undefined
    inline?: string[]
    attached?: string[]
  }

  function answer(answers: Answers = {}): void {
    const document = 'policy' in answers ? answers.policy : POLICY
    iam.on(GetRoleCommand).resolves({
      Role: {
        Path: '/',
        RoleName: role.name,
        RoleId: 'AROA1',
        Arn: role.attributes.arn,
        CreateDate: new Date(0),
        Description: PROPERTIES.description,
        AssumeRolePolicyDocument: encoded({ Statement: [TRUST.Statement[0]], Version: TRUST.Version }),
        PermissionsBoundary: { PermissionsBoundaryArn: BOUNDARY },
        MaxSessionDuration: 7200,
        Tags: upperTags(role.tags),
        ...answers.role,
      },
    })
    if (document === undefined) iam.on(GetRolePolicyCommand).rejects(gone)
    else {
      iam.on(GetRolePolicyCommand).resolves({
        RoleName: role.name,
        PolicyName: 'datapipe',
        // In another order than ours: the same to IAM.
        PolicyDocument: encoded({ ...document, Statement: [...document.Statement].reverse() }),
      })
    }
    iam.on(ListRolePoliciesCommand).resolves({ PolicyNames: ['datapipe', ...(answers.inline ?? [])] })
    iam
      .on(ListAttachedRolePoliciesCommand)
      .resolves({ AttachedPolicies: (answers.attached ?? []).map((PolicyArn) => ({ PolicyArn })) })
    iam.on(ListInstanceProfilesForRoleCommand).resolves({ InstanceProfiles: [] })
  }

  /** The names of the calls that write, in order. */
  function writes(): string[] {
    return iam
      .calls()
      .map((call) => call.args[0].constructor.name.replace(/Command$/, ''))
      .filter((name) => !/^(Get|List)/.test(name))
  }

  describe('read and diff', () => {
    it('is absent when there is no such role', async () => {
      iam.onAnyCommand().rejects(gone)
      expect(await role.read()).to.equal(undefined)
    })

    it('knows its attributes from its name', () => {
      expect(role.attributes).to.deep.equal({
        roleName: 'dp-sensors-dev-ecs-task-use1',
        arn: 'arn:aws:iam::111122223333:role/dp-sensors-dev-ecs-task-use1',
      })
    })

    it('has no difference when it is as wanted, in four calls', async () => {
      answer()
      const observed = (await role.read())!
      expect(observed.owned).to.equal(true)
      expect(role.diff(observed)).to.deep.equal([])
      expect(iam.calls()).to.have.length(4)
    })

    it('is foreign without our tags', async () => {
      answer({ role: { Tags: [{ Key: 'team', Value: 'ops' }] } })
      expect((await role.read())!.owned).to.equal(false)
    })

    const drifts: [string, Answers, string[]][] = [
      ['another description', { role: { Description: 'x' } }, ['description']],
      ['no boundary', { role: { PermissionsBoundary: undefined } }, ['permissionsBoundary']],
      [
        'another trusted service',
        { role: { AssumeRolePolicyDocument: encoded(trust('ec2.amazonaws.com', undefined)) } },
        ['trust'],
      ],
      [
        'a trust with a condition more',
        {
          role: {
            AssumeRolePolicyDocument: encoded(
              trust('ecs-tasks.amazonaws.com', { StringEquals: { 'aws:SourceAccount': '9' } }),
            ),
          },
        },
        ['trust'],
      ],
      [
        'a policy that allows more',
        { policy: policy({ Effect: 'Allow', Action: '*', Resource: '*' }) },
        ['policy'],
      ],
      ['no policy', { policy: undefined }, ['policy']],
      ['an inline policy of others', { inline: ['extra'] }, ['inlinePolicies']],
      [
        'a managed policy',
        { attached: ['arn:aws:iam::aws:policy/AdministratorAccess'] },
        ['attachedPolicies'],
      ],
      ['another tag', { role: { Tags: upperTags({ ...role.tags, Name: 'x', team: 'ops' }) } }, ['tags.Name']],
    ]
    for (const [what, answers, paths] of drifts) {
      it(`shows ${what} as ${paths.join(', ')}`, async () => {
        answer(answers)
        expect(role.diff((await role.read())!).map((change) => change.path)).to.deep.equal(paths)
      })
    }

    it('leaves the boundary to others when it names none', async () => {
      answer()
      const free = new Role(aws, role.id, role.name, { ...PROPERTIES, permissionsBoundary: undefined })
      expect(free.diff((await free.read())!)).to.deep.equal([])
    })
  })

  describe('create', () => {
    it('makes it with tags and boundary, then gives it its policy, when IAM sees it', async () => {
      iam.on(CreateRoleCommand).resolves({})
      iam.on(PutRolePolicyCommand).rejectsOnce(gone).resolves({})
      expect(await role.create(op)).to.deep.equal(role.attributes)
      expect(iam.commandCalls(CreateRoleCommand)[0]!.args[0].input).to.deep.include({
        PermissionsBoundary: BOUNDARY,
        Tags: upperTags(role.tags),
      })
      expect(writes()).to.deep.equal(['CreateRole', 'PutRolePolicy', 'PutRolePolicy'])
    })

    it('waits while another change is under way', async () => {
      const conflict = Object.assign(new Error('again'), { name: 'ConcurrentModificationException' })
      iam.on(CreateRoleCommand).rejectsOnce(conflict).resolves({})
      iam.on(PutRolePolicyCommand).resolves({})
      await role.create(op)
      expect(writes()).to.deep.equal(['CreateRole', 'CreateRole', 'PutRolePolicy'])
    })

    it('finishes one that a killed run made seconds ago', async () => {
      iam
        .on(CreateRoleCommand)
        .rejects(Object.assign(new Error('there'), { name: 'EntityAlreadyExistsException' }))
      answer({ policy: undefined })
      await role.create(op)
      expect(writes()).to.deep.equal(['CreateRole', 'PutRolePolicy'])
    })

    it('leaves one of others alone', async () => {
      iam
        .on(CreateRoleCommand)
        .rejects(Object.assign(new Error('there'), { name: 'EntityAlreadyExistsException' }))
      answer({ role: { Tags: [] } })
      const error = await role.create(op).catch((thrown: unknown) => thrown)
      expect(error).to.have.property('code', 'FOREIGN_RESOURCE')
      expect(writes()).to.deep.equal(['CreateRole'])
    })

    it('refuses a policy that is too large before it makes anything', async () => {
      const Resource = Array.from({ length: 400 }, (_, i) => `arn:aws:s3:::a-bucket-with-a-name/${i}/*`)
      const large = new Role(aws, role.id, role.name, {
        ...PROPERTIES,
        policy: () => policy({ Effect: 'Allow', Action: 's3:GetObject', Resource }),
      })
      const error = await large.create(op).catch((thrown: unknown) => thrown)
      expect(error).to.have.property('code', 'POLICY_TOO_LARGE')
      expect(error)
        .to.have.property('message')
        .that.matches(/has 1\d,\d{3} characters; IAM allows 10,240/)
      expect(writes()).to.deep.equal([])
    })
  })

  describe('update', () => {
    async function converge(answers: Answers): Promise<string[]> {
      answer(answers)
      const observed = (await role.read())!
      await role.update(observed, role.diff(observed), op)
      return writes()
    }

    it('changes only what differs, and never makes it anew', async () => {
      expect(await converge({ policy: undefined })).to.deep.equal(['PutRolePolicy'])
      iam.reset()
      expect(
        await converge({
          role: {
            AssumeRolePolicyDocument: encoded(trust('ec2.amazonaws.com', undefined)),
            Tags: upperTags(role.tags),
          },
        }),
      ).to.deep.equal(['UpdateAssumeRolePolicy'])
    })

    it('keeps the session length that somebody set when it changes the description', async () => {
      await converge({ role: { Description: 'x' } })
      expect(iam.commandCalls(UpdateRoleCommand)[0]!.args[0].input).to.deep.equal({
        RoleName: role.name,
        Description: PROPERTIES.description,
        MaxSessionDuration: 7200,
      })
    })

    it('takes away what others granted', async () => {
      const admin = 'arn:aws:iam::aws:policy/AdministratorAccess'
      expect(await converge({ inline: ['extra'], attached: [admin] })).to.deep.equal([
        'DeleteRolePolicy',
        'DetachRolePolicy',
      ])
      expect(iam.commandCalls(DeleteRolePolicyCommand)[0]!.args[0].input.PolicyName).to.equal('extra')
      expect(iam.commandCalls(DetachRolePolicyCommand)[0]!.args[0].input.PolicyArn).to.equal(admin)
    })
  })

  describe('delete', () => {
    const seen = async () => {
      answer({ attached: ['arn:aws:iam::aws:policy/ReadOnlyAccess'], inline: ['extra'] })
      iam
        .on(ListInstanceProfilesForRoleCommand)
        .resolves({ InstanceProfiles: [{ InstanceProfileName: 'p' }] as never[] })
      const observed = (await role.read())!
      iam.resetHistory()
      return observed
    }

    it('frees it of all that holds it first', async () => {
      iam.on(DeleteRoleCommand).resolves({})
      expect(await role.delete(await seen(), op)).to.deep.equal({ status: 'deleted' })
      expect(writes()).to.deep.equal([
        'DetachRolePolicy',
        'DeleteRolePolicy',
        'DeleteRolePolicy',
        'RemoveRoleFromInstanceProfile',
        'DeleteRole',
      ])
    })

    it('tries again while IAM still sees what was detached', async () => {
      iam
        .on(DeleteRoleCommand)
        .rejectsOnce(Object.assign(new Error('must detach'), { name: 'DeleteConflictException' }))
        .resolves({})
      expect(await role.delete(await seen(), op)).to.deep.equal({ status: 'deleted' })
      expect(iam.commandCalls(DeleteRoleCommand)).to.have.length(2)
    })

    it('is absent when it is gone already', async () => {
      const observed = await seen()
      iam.on(ListAttachedRolePoliciesCommand).rejects(gone)
      expect(await role.delete(observed, op)).to.deep.equal({ status: 'absent' })
    })
  })
})
