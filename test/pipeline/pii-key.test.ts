import { expect } from 'chai'
import type { Statement } from '../../src/aws/policy.js'
import { resolveEnvironment } from '../../src/config/environments.js'
import { parseConfig } from '../../src/config/load.js'
import { hashesPersonalData } from '../../src/pipeline/personal-data.js'
import { dataBucketPolicy } from '../../src/pipeline/policies/buckets.js'
import { taskRolePolicy } from '../../src/pipeline/policies/ecs-roles.js'
import { security } from '../../src/pipeline/security.js'
import { storage } from '../../src/pipeline/storage.js'
import { testContext } from '../support/resource.js'

const KEY = 'arn:aws:kms:us-east-1:111122223333:key/11111111-2222-3333-4444-555555555555'

describe('the key of the hashes of personal data', () => {
  const aws = testContext()
  const { names } = aws
  const environment = (pii: string) =>
    resolveEnvironment(
      parseConfig(
        `datasets: { people: { columns: { id: integer, name: { type: string${pii} } } } }`,
        'datapipe.yaml',
      ),
      'dev',
    )
  const build = (pii: string, options = {}) => {
    const wanted = environment(pii)
    const securityPart = security(aws, wanted)
    return { security: securityPart, storage: storage(aws, wanted, securityPart, options) }
  }
  const added = (less: { Statement: Statement[] }, more: { Statement: Statement[] }) => {
    const before = less.Statement.map((statement) => JSON.stringify(statement))
    expect(more.Statement.map((statement) => JSON.stringify(statement))).to.include.members(before)
    return more.Statement.filter((statement) => !before.includes(JSON.stringify(statement)))
  }

  it('is made only where a dataset hashes', () => {
    expect(build('').storage.piiKey).to.equal(undefined)
    expect(build(', pii: mask').storage.resources.map(({ id }) => id)).not.to.include('storage/pii-key')
    expect(build(', pii: hash').storage.resources.map(({ id }) => id)).to.include('storage/pii-key')
    const sheets =
      'datasets: { a: { format: { type: xlsx }, sheets: { s: { columns: { x: { type: string, pii: hash } } } } } }'
    expect(hashesPersonalData(resolveEnvironment(parseConfig(sheets, 'x'), 'dev'))).to.equal(true)
  })

  it('stays with the data, and so does what it needs, also when nothing is hashed any more', () => {
    for (const { security: parts, storage: stored } of [
      build(', pii: hash'),
      build('', { hasPiiKey: true }),
    ]) {
      expect(stored.piiKey?.retain).to.equal(true)
      expect(stored.piiKey?.keeps).to.have.members([stored.artifacts, stored.logs, parts.key])
    }
  })

  it('is read by the task and by nobody else', () => {
    const key = `${names.bucketArn('artifacts')}/keys/pii.json`
    expect(added(taskRolePolicy(names, KEY), taskRolePolicy(names, KEY, { hashes: true }))).to.deep.equal([
      { Sid: 'ReadPiiKey', Effect: 'Allow', Action: 's3:GetObject', Resource: key },
    ])
    const plain = dataBucketPolicy(names, 'artifacts')
    expect(added(plain, dataBucketPolicy(names, 'artifacts', { piiKey: true }))).to.deep.equal([
      {
        Sid: 'PiiKeyForTasksOnly',
        Effect: 'Deny',
        Principal: '*',
        Action: ['s3:GetObject', 's3:GetObjectVersion'],
        Resource: key,
        Condition: { StringNotEquals: { 'aws:PrincipalArn': names.roleArn('ecs-task') } },
      },
    ])
  })
})
