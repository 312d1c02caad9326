import { expect } from 'chai'
import { isWildcardOnlyAction } from '@cloud-copilot/iam-simulate'
import type { PolicyDocument, Statement } from '../../../src/aws/policy.js'
import { policy } from '../../../src/aws/policy.js'
import { resolveEnvironment } from '../../../src/config/environments.js'
import { configSchema } from '../../../src/config/schema.js'
import { chooseDocument } from '../../../src/operate/iam/choose.js'
import { MANAGED_POLICY_LIMIT, policyCharacters, toDocuments } from '../../../src/operate/iam/documents.js'
import { offlineContext } from '../../../src/operate/iam/offline.js'
import { iamPolicy, type Principal } from '../../../src/operate/iam/policy.js'
import { wildcardsIn } from '../../../src/operate/iam/wildcards.js'
import { dispatchRolePolicy, workerRolePolicy } from '../../../src/pipeline/policies/orchestration-roles.js'
import { executionRolePolicy, taskRolePolicy } from '../../../src/pipeline/policies/ecs-roles.js'
import { needsEverything } from '../../../src/pipeline/policies/wildcards.js'
import { environmentResources } from '../../../src/pipeline/environment.js'
import { UsageError } from '../../../src/errors.js'
import { testContext } from '../../support/resource.js'

const PRINCIPALS: readonly Principal[] = ['deployer', 'upload', 'operator']
const aws = testContext()
const environment = resolveEnvironment(configSchema.parse({ project: 'sensors' }), 'dev')
const KEY = aws.names.arn('kms', 'key/1')

/** IAM has an ARN for these, which would have to name quotas of AWS one by one. */
const WITH_ARN_OF_NO_USE = /^servicequotas:|^iam:ListRoles$|^ecs:ListTasks$/

describe('the policies that datapipe prints', () => {
  for (const principal of PRINCIPALS) {
    it(`keep no wildcard for the ${principal} without a reason`, () => {
      const { wildcards } = iamPolicy(aws, environment, principal)
      expect(wildcards).not.to.deep.equal([])
      for (const { actions, reason } of wildcards) expect(reason, actions.join()).not.to.equal('')
    })

    it(`fit into managed policies for the ${principal}`, () => {
      const { documents } = iamPolicy(aws, environment, principal)
      for (const { characters, document, name } of documents) {
        expect(characters, name).to.equal(policyCharacters(document))
        expect(characters, name).to.be.at.most(MANAGED_POLICY_LIMIT)
        const sids = document.Statement.map(({ Sid }) => Sid)
        expect(new Set(sids).size, name).to.equal(sids.length)
        for (const sid of sids) expect(sid, name).to.match(/^[A-Za-z0-9]+$/)
        for (const action of document.Statement.flatMap(({ Action }) => Action))
          expect(action).not.to.include('*')
      }
    })
  }

  it('are the same every time', () => {
    for (const principal of PRINCIPALS)
      expect(iamPolicy(aws, environment, principal)).to.deep.equal(iamPolicy(aws, environment, principal))
  })

  it('hold every action that a resource lists, and nothing twice under the same condition', () => {
    const { all } = environmentResources(aws, environment, {
      zoneIds: ['use1-az1', 'use1-az2'],
      version: '0',
    })
    const statements = iamPolicy(aws, environment, 'deployer').documents.flatMap(
      ({ document }) => document.Statement,
    )
    const granted = new Set(statements.flatMap(({ Action }) => Action))
    // Without a boundary in the configuration it is never put.
    const listed = all
      .flatMap(({ iamActions }) => iamActions)
      .filter((action) => action !== 'iam:PutRolePermissionsBoundary')
    expect([...new Set(listed)].filter((action) => !granted.has(action))).to.deep.equal([])
  })

  it('grant `*` to nothing for which IAM knows a resource, and a resource to nothing that needs `*`', async () => {
    const statements = PRINCIPALS.flatMap((principal) =>
      iamPolicy(aws, environment, principal).documents.flatMap(({ document }) => document.Statement),
    )
    for (const { Action, Resource } of statements) {
      for (const action of [Action].flat().filter((each) => !WITH_ARN_OF_NO_USE.test(each))) {
        const [service = '', operation = ''] = action.split(':')
        expect(Resource === '*', action).to.equal(await isWildcardOnlyAction(service, operation))
      }
    }
  })

  it('also of the roles, keep no wildcard without a reason', () => {
    const inside = [aws.names.stem, aws.names.database, aws.names.taskFamily, aws.names.cluster].concat(
      (['raw', 'transformed', 'artifacts'] as const).map((purpose) => aws.names.bucket(purpose)),
      aws.names.logGroup('ecs'),
    )
    const roles = {
      exec: executionRolePolicy(aws.names),
      task: taskRolePolicy(aws.names, KEY),
      worker: workerRolePolicy(aws.names, KEY),
      dispatch: dispatchRolePolicy(aws.names, KEY),
    }
    for (const [role, document] of Object.entries(roles)) {
      const unexplained = wildcardsIn(document, inside).filter(({ reason }) => reason === undefined)
      expect(unexplained, role).to.deep.equal([])
    }
  })

  it('notice a wildcard that nobody gave a reason for', () => {
    const unexplained = (statement: Omit<Statement, 'Effect'>) =>
      wildcardsIn(policy({ Effect: 'Allow', ...statement }), ['dp-dev']).filter(
        ({ reason }) => reason === undefined,
      )
    expect(unexplained({ Action: 's3:GetObject', Resource: '*' })).to.have.length(1)
    expect(unexplained({ Action: 's3:GetObject', Resource: 'arn:aws:s3:::dp-dev/*' })).to.have.length(0)
    // A name that goes on belongs to somebody else, too.
    expect(unexplained({ Action: 's3:GetObject', Resource: 'arn:aws:s3:::dp-dev-*' })).to.have.length(1)
    expect(unexplained({ Action: 'ec2:DeleteVpc', Resource: 'arn:aws:ec2:r:1:vpc/*' })).to.have.length(1)
    const Condition = { StringEquals: { 'aws:ResourceTag/datapipe:env': 'dev' } }
    expect(
      unexplained({ Action: 'ec2:DeleteVpc', Resource: 'arn:aws:ec2:r:1:vpc/*', Condition }),
    ).to.have.length(0)
  })

  it('need no login when the configuration says account and region', () => {
    const file = configSchema.parse({
      environments: { prod: { account: '222233334444', region: 'eu-north-1' }, dev: {} },
    })
    const prod = resolveEnvironment(file, 'prod')
    const context = offlineContext(prod)
    expect(context?.account).to.equal('222233334444')
    expect(JSON.stringify(iamPolicy(context!, prod, 'upload'))).to.include(
      'dp-prod-raw-222233334444-eu-north-1-an',
    )
    expect(offlineContext(resolveEnvironment(file, 'dev'))).to.equal(undefined)
  })

  it('come one by one when asked for', () => {
    const all = iamPolicy(aws, environment, 'deployer')
    expect(all.documents.length).to.be.greaterThan(1)
    expect(chooseDocument(all, 2).documents).to.deep.equal([all.documents[1]])
    expect(chooseDocument(all, undefined)).to.equal(all)
    expect(() => chooseDocument(all, 99))
      .to.throw(UsageError)
      .with.property('code', 'NO_SUCH_DOCUMENT')
  })
})

describe('toDocuments', () => {
  const statement = (Sid: string, count: number): Statement => ({
    Sid,
    Effect: 'Allow',
    Action: Array.from({ length: count }, (_each, index) => `s3:Action${index}`),
    Resource: '*',
  })
  const actionsOf = (documents: readonly PolicyDocument[]) =>
    documents.flatMap((document) => document.Statement.flatMap(({ Action }) => Action))

  it('loses nothing, keeps the order, and fills documents up to the limit', () => {
    const statements = [statement('A', 10), statement('B', 10), statement('C', 10)]
    const documents = toDocuments(statements, 500)
    expect(documents.length).to.be.greaterThan(1)
    expect(documents.flatMap((document) => document.Statement)).to.deep.equal(statements)
    for (const document of documents) expect(policyCharacters(document)).to.be.at.most(500)
  })

  it('divides a statement that fits nowhere by its actions', () => {
    const large = statement('Large', 100)
    const documents = toDocuments([large], 500)
    expect(actionsOf(documents)).to.deep.equal(large.Action)
    const sids = documents.flatMap((document) => document.Statement.map(({ Sid }) => Sid))
    expect(new Set(sids).size).to.equal(sids.length)
    for (const document of documents) expect(policyCharacters(document)).to.be.at.most(500)
  })
})

describe('actions that work on `*` only', () => {
  it('are told from those that know a resource', () => {
    expect(needsEverything('ec2:DescribeVpcs')).to.equal(true)
    expect(needsEverything('ec2:DescribeVpcAttribute')).to.equal(false)
    expect(needsEverything('s3:GetObject')).to.equal(false)
  })
})
