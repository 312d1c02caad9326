import { expect } from 'chai'
import type { PolicyDocument } from '../../src/aws/policy.js'
import { backfillRolePolicy, workerRolePolicy } from '../../src/pipeline/policies/orchestration-roles.js'
import { schedulerRolePolicy, schedulerTrust } from '../../src/pipeline/policies/scheduler.js'
import { expectGolden } from '../support/golden.js'
import { testContext } from '../support/resource.js'

const { names } = testContext()
const KEY = 'arn:aws:kms:us-east-1:111122223333:key/11111111-2222-3333-4444-555555555555'

const POLICIES: Record<string, PolicyDocument> = {
  'role-sfn-backfill': backfillRolePolicy(names, KEY),
  'role-sfn-worker-tells': workerRolePolicy(names, KEY, { readsResults: true }),
  'trust-scheduler': schedulerTrust(names),
  'role-scheduler': schedulerRolePolicy(names, KEY),
}

describe('policies of the backfill and the schedule', () => {
  for (const [name, document] of Object.entries(POLICIES)) {
    it(`${name} is as reviewed, and small enough`, () => {
      expectGolden(`policies/${name}.json`, `${JSON.stringify(document, null, 2)}\n`)
      expect(JSON.stringify(document).length).to.be.lessThan(name.startsWith('trust') ? 2048 : 10_240)
    })
  }

  it('name every resource but those of logs and tracing', () => {
    for (const { Action, Resource, Sid } of Object.values(POLICIES).flatMap(({ Statement }) => Statement)) {
      if (Resource === '*') expect([Action].flat().join(), Sid).to.match(/^(logs|xray):/)
      expect([Action].flat().join(), Sid).not.to.include('*')
    }
  })
})
