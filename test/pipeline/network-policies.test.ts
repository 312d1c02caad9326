import { expect } from 'chai'
import { logsBucketPolicy } from '../../src/pipeline/policies/buckets.js'
import { interfaceEndpointPolicy } from '../../src/pipeline/policies/endpoint-interface.js'
import { TASK_SERVICES } from '../../src/pipeline/network/endpoints.js'
import { expectGolden } from '../support/golden.js'
import { testContext } from '../support/resource.js'

const { names } = testContext()
const DOCUMENTS = {
  ...Object.fromEntries(
    [...TASK_SERVICES, 'secretsmanager'].map((service) => [
      `endpoint-${service}`,
      interfaceEndpointPolicy(names, service),
    ]),
  ),
  'bucket-logs-with-flow-logs': logsBucketPolicy(names, ['artifacts', 'raw', 'transformed'], {
    flowLogs: true,
  }),
}

describe('policies of the network', () => {
  for (const [name, document] of Object.entries(DOCUMENTS)) {
    it(`${name} is as reviewed`, () => {
      expectGolden(`policies/${name}.json`, `${JSON.stringify(document, null, 2)}\n`)
      // Of an endpoint and of a bucket.
      expect(JSON.stringify(document).length).to.be.lessThan(20_480)
    })
  }

  it('let nobody of another account through an endpoint', () => {
    for (const service of [...TASK_SERVICES, 'secretsmanager'])
      for (const statement of interfaceEndpointPolicy(names, service).Statement) {
        expect(statement.Effect).to.equal('Allow')
        expect(statement.Condition?.StringEquals).to.include({ 'aws:PrincipalAccount': '111122223333' })
      }
  })
})
