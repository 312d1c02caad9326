import { expect } from 'chai'
import { resolveEnvironment } from '../../src/config/environments.js'
import { parseConfig } from '../../src/config/load.js'
import type { PolicyDocument } from '../../src/aws/policy.js'
import { Graph } from '../../src/engine/graph.js'
import { environmentResources } from '../../src/pipeline/environment.js'
import { orphansOf } from '../../src/pipeline/orphans.js'
import { crawlRolePolicy, glueRolePolicy, glueTrust } from '../../src/pipeline/policies/glue.js'
import { keyPolicy } from '../../src/pipeline/policies/key.js'
import { expectGolden } from '../support/golden.js'
import { testContext } from '../support/resource.js'

const aws = testContext()
const { names } = aws
const KEY = 'arn:aws:kms:us-east-1:111122223333:key/11111111-2222-3333-4444-555555555555'

function resources(yaml: string) {
  const environment = resolveEnvironment(parseConfig(`project: sensors\n${yaml}`, 'datapipe.yaml'), 'dev')
  return environmentResources(aws, environment, { zoneIds: ['use1-az1', 'use1-az2'], version: '1.0.0' })
}
const ids = (yaml: string) => resources(yaml).all.map(({ id }) => id)
const added = (yaml: string) => {
  const before = new Set(ids(''))
  return ids(yaml)
    .filter((id) => !before.has(id))
    .sort()
}

const POLICIES: Record<string, PolicyDocument> = {
  'key-glue': keyPolicy(names, { glue: true }),
  'trust-glue': glueTrust(names),
  'role-glue-crawler': glueRolePolicy(names, KEY, { crawler: true, spark: false }),
  'role-glue-spark': glueRolePolicy(names, KEY, { crawler: true, spark: true }),
  'role-sfn-crawl': crawlRolePolicy(names, KEY),
}

describe('Glue in an environment', () => {
  for (const [name, document] of Object.entries(POLICIES)) {
    it(`policy ${name} is as reviewed`, () => {
      expectGolden(`policies/${name}.json`, `${JSON.stringify(document, null, 2)}\n`)
      expect(JSON.stringify(document).length).to.be.lessThan(10_240)
    })
  }

  it('gives the crawler no right to write or delete a file, and the job none on raw ones', () => {
    const allowed = (document: PolicyDocument, bucket: 'raw' | 'transformed') =>
      document.Statement.filter(({ Resource }) =>
        [Resource ?? []].flat().some((arn) => arn.startsWith(names.bucketArn(bucket))),
      ).flatMap(({ Action }) => Action)
    expect(allowed(POLICIES['role-glue-crawler']!, 'transformed').sort()).to.deep.equal([
      's3:GetBucketLocation',
      's3:GetObject',
      's3:ListBucket',
    ])
    expect(allowed(POLICIES['role-glue-crawler']!, 'raw')).to.deep.equal([])
    expect(allowed(POLICIES['role-glue-spark']!, 'raw')).to.not.include.members([
      's3:PutObject',
      's3:DeleteObject',
    ])
  })

  it('is off by default, in the key policy too', () => {
    expect(ids('').filter((id) => /glue|crawl|spark|query/.test(id))).to.deep.equal([])
    expect(JSON.stringify(keyPolicy(names))).to.not.contain('/aws-glue/')
    expect(keyPolicy(names, { glue: false })).to.deep.equal(keyPolicy(names))
  })

  it('has what a crawler needs, and nothing of Spark', () => {
    const crawler = [
      'catalog/crawler',
      'orchestration/crawl',
      'orchestration/logs/crawl',
      'security/glue-security-configuration',
      'security/role/glue',
      'security/role/sfn-crawl',
    ]
    expect(added('catalog: { crawler: on-demand }')).to.deep.equal(crawler)
    expect(added('catalog: { crawler: schedule }')).to.deep.equal(crawler)
  })

  it('has what a Spark job needs, and no crawler; together they share role and encryption', () => {
    expect(added('spark: { enabled: true }')).to.deep.equal([
      'security/glue-security-configuration',
      'security/role/glue',
      'spark/job',
      'spark/logs/error',
      'spark/logs/output',
      'spark/script',
    ])
    expect(added('spark: { enabled: true }\ncatalog: { crawler: on-demand }')).to.have.length(10)
  })

  it('keeps named queries as they are configured', () => {
    const yaml = 'catalog: { namedQueries: { latest: "select 1", all rows: "select 2" } }'
    expect(added(yaml)).to.deep.equal(['catalog/query/all rows', 'catalog/query/latest'])
    expect(resources(yaml).catalog.namedQueries.map(({ name }) => name)).to.deep.equal([
      'dp-sensors-dev/latest',
      'dp-sensors-dev/all rows',
    ])
  })

  it('is deleted before what it uses: job and crawler before encryption, role and database', () => {
    const { all } = resources('spark: { enabled: true }\ncatalog: { crawler: schedule }')
    expect(() => new Graph(all)).to.not.throw()
    const dependencies = (id: string) =>
      all.find((resource) => resource.id === id)!.dependsOn.map((resource) => resource.id)
    expect(dependencies('catalog/crawler')).to.include.members([
      'security/role/glue',
      'security/glue-security-configuration',
      'catalog/database',
    ])
    expect(dependencies('spark/job')).to.include.members([
      'security/role/glue',
      'security/glue-security-configuration',
      'spark/script',
    ])
    expect(dependencies('orchestration/crawl')).to.include('catalog/crawler')
  })

  it('is found when it is switched off, in the order in which it can be deleted', () => {
    const item = (arn: string, id: string) => ({ arn, id, tags: aws.tags(id, arn.split('/').at(-1) ?? '') })
    const orphans = orphansOf(
      aws,
      [
        item(names.arn('iam', 'role/dp-sensors-dev-glue-use1'), 'security/role/glue'),
        item(names.arn('glue', `job/${names.sparkJob}`), 'spark/job'),
        item(names.arn('glue', `crawler/${names.crawler}`), 'catalog/crawler'),
        item(names.arn('states', 'stateMachine:dp-sensors-dev-crawl'), 'orchestration/crawl'),
      ],
      [],
    )
    expect(orphans.map(({ id }) => id)).to.deep.equal([
      'orchestration/crawl',
      'catalog/crawler',
      'spark/job',
      'security/glue-security-configuration',
      'security/role/glue',
    ])
  })

  it('does not look for what is in the graph, nor for anything where there is no trace of Glue', () => {
    const role = {
      arn: names.arn('iam', 'role/dp-sensors-dev-glue-use1'),
      id: 'security/role/glue',
      tags: aws.tags('security/role/glue', 'dp-sensors-dev-glue-use1'),
    }
    expect(orphansOf(aws, [role], resources('spark: { enabled: true }').all)).to.deep.equal([])
    expect(orphansOf(aws, [], [])).to.deep.equal([])
  })

  it('refuses a schedule that is not one of Glue', () => {
    for (const schedule of ['0 3 * * *', 'rate(1 day)', 'cron(0 3 * * *)']) {
      expect(() => resources(`catalog: { crawler: schedule, schedule: "${schedule}" }`), schedule).to.throw(
        /six fields/,
      )
    }
  })
})
