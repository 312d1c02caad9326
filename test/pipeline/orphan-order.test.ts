import { expect } from 'chai'
import { resolveEnvironment } from '../../src/config/environments.js'
import { parseConfig } from '../../src/config/load.js'
import { environmentResources } from '../../src/pipeline/environment.js'
import type { InventoryItem } from '../../src/pipeline/inventory.js'
import { BUILDERS } from '../../src/pipeline/orphan-builders.js'
import { ONE_BY_ONE, USES } from '../../src/pipeline/orphan-order.js'
import { orphansOf } from '../../src/pipeline/orphans.js'
import type { AwsResource } from '../../src/resources/resource.js'
import { testContext } from '../support/resource.js'

const aws = testContext()
const { names } = aws

/** Type to service and kind of the ARN; what is not here has no builder, and goes with something that has. */
const KINDS: Record<string, string> = {
  'AWS::Athena::NamedQuery': 'athena:namedquery',
  'AWS::Athena::WorkGroup': 'athena:workgroup',
  'AWS::Budgets::Budget': 'budgets:budget',
  'AWS::CloudWatch::Alarm': 'cloudwatch:alarm',
  'AWS::CloudWatch::Dashboard': 'cloudwatch:dashboard',
  'AWS::CodeBuild::Project': 'codebuild:project',
  'AWS::DataSync::Agent': 'datasync:agent',
  'AWS::DataSync::LocationS3': 'datasync:location',
  'AWS::DataSync::LocationSMB': 'datasync:location',
  'AWS::DataSync::Task': 'datasync:task',
  'AWS::EC2::EIP': 'ec2:elastic-ip',
  'AWS::EC2::FlowLog': 'ec2:vpc-flow-log',
  'AWS::EC2::InternetGateway': 'ec2:internet-gateway',
  'AWS::EC2::NatGateway': 'ec2:natgateway',
  'AWS::EC2::NetworkAcl': 'ec2:network-acl',
  'AWS::EC2::RouteTable': 'ec2:route-table',
  'AWS::EC2::SecurityGroup': 'ec2:security-group',
  'AWS::EC2::Subnet': 'ec2:subnet',
  'AWS::EC2::VPC': 'ec2:vpc',
  'AWS::EC2::VPCEndpoint': 'ec2:vpc-endpoint',
  'AWS::ECR::Repository': 'ecr:repository',
  'AWS::ECS::Cluster': 'ecs:cluster',
  'AWS::ECS::TaskDefinition': 'ecs:task-definition',
  'AWS::Events::Rule': 'events:rule',
  'AWS::Glue::Crawler': 'glue:crawler',
  'AWS::Glue::Database': 'glue:database',
  'AWS::Glue::Job': 'glue:job',
  'AWS::Glue::SecurityConfiguration': 'glue:securityConfiguration',
  'AWS::IAM::Role': 'iam:role',
  'AWS::KMS::Key': 'kms:key',
  'AWS::Logs::LogGroup': 'logs:log-group',
  'AWS::Logs::ResourcePolicy': 'logs:resource-policy',
  'AWS::S3::Bucket': 's3:',
  'AWS::SNS::Topic': 'sns:',
  'AWS::SQS::Queue': 'sqs:',
  'AWS::Scheduler::ScheduleGroup': 'scheduler:schedule-group',
  'AWS::StepFunctions::StateMachine': 'states:stateMachine',
}

const everything = (network: string) => `
project: sensors
network: { ${network}, flowLogs: s3, networkAcls: true }
schedule: { cron: "0 6 1 * ? *", timezone: Europe/Stockholm }
backfill: true
notify: { email: [ops@example.com] }
monitoring: { alarms: true, dashboard: true, noSuccessDays: 7, rejectedRowsPerDay: 10, budgetMonthlyUsd: 50 }
catalog: { crawler: schedule, namedQueries: { rows: "select 1" } }
spark: { enabled: true }
datasync:
  location:
    type: smb
    host: files.example.com
    path: /share
    user: reader
    secretArn: arn:aws:secretsmanager:us-east-1:111122223333:secret:files-AbCdEf
`

function resources(network: string): AwsResource[] {
  const environment = resolveEnvironment(parseConfig(everything(network), 'datapipe.yaml'), 'dev')
  return environmentResources(aws, environment, {
    zoneIds: ['use1-az1', 'use1-az2'],
    version: '1.0.0',
    image: { pinned: 'v1' },
  }).all
}

function itemOf({ id, name, type }: AwsResource): InventoryItem | undefined {
  const [service, kind] = KINDS[type]?.split(':') ?? []
  if (service === undefined) return undefined
  const arn = names.arn(service, kind === '' ? name : `${kind}/${name}`)
  return { arn, id, tags: aws.tags(id, name) }
}

describe('the order in which orphans are deleted', () => {
  it('knows every kind that there is a builder of, and puts users before what they use', () => {
    const rank = (kind: string) => BUILDERS.findIndex(([known]) => known === kind)
    for (const [user, used] of Object.entries(USES)) {
      expect(rank(user), user).to.be.at.least(0)
      for (const kind of used) expect(rank(kind), `${user} before ${kind}`).to.be.greaterThan(rank(user))
    }
    for (const kind of ONE_BY_ONE) expect(rank(kind), kind).to.be.at.least(0)
  })

  for (const network of ['egress: nat-per-az', 'egress: endpoints', 'egress: public']) {
    it(`is the reverse of that in which an environment is made: ${network}`, () => {
      const all = resources(network)
      const orphans = orphansOf(
        aws,
        all.flatMap((resource) => itemOf(resource) ?? []),
        [],
      )
      const byId = new Map(orphans.map((orphan) => [orphan.id, orphan]))
      const wrong = all.flatMap((resource) =>
        resource.dependsOn
          .filter(({ id }) => byId.has(resource.id) && byId.has(id))
          .filter(({ type }) => type !== resource.type && !isRouteToGateway(resource.type, type))
          .filter((used) => !waitsFor(byId.get(used.id)!, byId.get(resource.id)!))
          .map(({ id }) => `${resource.id} is not deleted before ${id}`),
      )
      expect([...new Set(wrong)]).to.deep.equal([])
    })
  }
})

describe('what somebody gave another datapipe:id', () => {
  const all = resources('egress: nat')
  const renamed = (type: string) => {
    const known = all.find((resource) => resource.type === type)!
    const item = itemOf(known)!
    return orphansOf(aws, [{ ...item, id: 'by-hand' }], all).map(({ id }) => id)
  }

  for (const type of ['AWS::SQS::Queue', 'AWS::S3::Bucket', 'AWS::IAM::Role', 'AWS::ECS::TaskDefinition']) {
    it(`is no orphan where its name tells what it is: ${type}`, () => {
      expect(renamed(type)).to.deep.equal([])
    })
  }

  it('is one where only tags tell, because it is not found any more', () => {
    expect(renamed('AWS::EC2::NatGateway')).to.deep.equal(['by-hand'])
  })
})

/** The one exception: a NAT gateway takes the routes to it along, so it goes before the table that they are in. */
function isRouteToGateway(user: string, used: string): boolean {
  return user === 'AWS::EC2::RouteTable' && used === 'AWS::EC2::NatGateway'
}

function waitsFor(used: AwsResource, user: AwsResource): boolean {
  const seen = new Set<unknown>()
  const open = [...user.dependsOn]
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (at === used) return true
    if (seen.has(at)) continue
    seen.add(at)
    open.push(...at.dependsOn)
  }
  return false
}
