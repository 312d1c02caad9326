import { expect } from 'chai'
import type { PolicyDocument } from '../../src/aws/policy.js'
import { dataBucketPolicy, logsBucketPolicy } from '../../src/pipeline/policies/buckets.js'
import { codeBuildRolePolicy, codeBuildTrust } from '../../src/pipeline/policies/codebuild.js'
import { ecsTrust, executionRolePolicy, taskRolePolicy } from '../../src/pipeline/policies/ecs-roles.js'
import { s3EndpointPolicy } from '../../src/pipeline/policies/endpoint.js'
import { keyPolicy } from '../../src/pipeline/policies/key.js'
import { eventsDlqPolicy, failedQueuePolicy, topicPolicy } from '../../src/pipeline/policies/messaging.js'
import {
  dispatchRolePolicy,
  eventsRolePolicy,
  eventsTrust,
  statesTrust,
  workerRolePolicy,
} from '../../src/pipeline/policies/orchestration-roles.js'
import { expectGolden } from '../support/golden.js'
import { testContext } from '../support/resource.js'

const { names } = testContext()
const KEY = 'arn:aws:kms:us-east-1:111122223333:key/11111111-2222-3333-4444-555555555555'

const POLICIES: Record<string, PolicyDocument> = {
  key: keyPolicy(names),
  'bucket-raw': dataBucketPolicy(names, 'raw'),
  'bucket-artifacts': dataBucketPolicy(names, 'artifacts'),
  'bucket-logs': logsBucketPolicy(names, ['artifacts', 'raw', 'transformed']),
  'queue-failed': failedQueuePolicy(names),
  'queue-events-dlq': eventsDlqPolicy(names),
  topic: topicPolicy(names),
  'endpoint-s3': s3EndpointPolicy(names),
  'trust-ecs': ecsTrust(names),
  'role-ecs-exec': executionRolePolicy(names),
  'role-ecs-task': taskRolePolicy(names, KEY),
  'trust-states': statesTrust(names),
  'role-sfn-worker': workerRolePolicy(names, KEY),
  'role-sfn-dispatch': dispatchRolePolicy(names, KEY),
  'trust-codebuild': codeBuildTrust(names),
  'role-codebuild': codeBuildRolePolicy(names, KEY),
  'trust-events': eventsTrust(names),
  'role-events': eventsRolePolicy(names),
}

/** Actions for which AWS knows no narrower resource; each is a documented exception (docs/security.md). */
const MUST_BE_STAR = /^(ecr:GetAuthorizationToken|logs:|xray:|cloudwatch:PutMetricData)/

describe('policies', () => {
  for (const [name, document] of Object.entries(POLICIES)) {
    it(`${name} is as reviewed`, () => {
      expectGolden(`policies/${name}.json`, `${JSON.stringify(document, null, 2)}\n`)
    })
  }

  it('give roles no wildcard but those that AWS demands', () => {
    for (const [name, document] of Object.entries(POLICIES).filter(([key]) => key.startsWith('role-'))) {
      for (const statement of document.Statement.filter(({ Resource }) => Resource === '*')) {
        for (const action of [statement.Action].flat())
          expect(action, `${name} ${statement.Sid}`).to.match(MUST_BE_STAR)
      }
      for (const action of document.Statement.flatMap(({ Action }) => Action))
        expect(action).not.to.include('*')
    }
  })

  it('stay within what IAM and KMS take', () => {
    for (const [name, document] of Object.entries(POLICIES)) {
      const size = JSON.stringify(document).length
      const limit =
        name === 'key'
          ? 32_768
          : name.startsWith('trust-')
            ? 2048
            : name.startsWith('role-')
              ? 10_240
              : 20_480
      expect(size, name).to.be.lessThan(limit)
    }
  })

  it('let the lease be written without the key, and nothing else', () => {
    const statement = dataBucketPolicy(names, 'artifacts').Statement.find(({ Sid }) => Sid === 'DenyWrongSse')
    expect(statement?.NotResource).to.equal(`${names.bucketArn('artifacts')}/locks/*`)
    expect(
      dataBucketPolicy(names, 'raw').Statement.find(({ Sid }) => Sid === 'DenyWrongSse')?.Resource,
    ).to.equal(`${names.bucketArn('raw')}/*`)
  })
})
