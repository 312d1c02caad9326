import { expect } from 'chai'
import { AwsContext } from '../../src/aws/context.js'
import { Names } from '../../src/aws/names.js'
import { interfaceEndpointPolicy } from '../../src/pipeline/policies/endpoint-interface.js'
import { resolveEnvironment } from '../../src/config/environments.js'
import { parseConfig } from '../../src/config/load.js'
import { network } from '../../src/pipeline/network.js'
import { security } from '../../src/pipeline/security.js'
import { storage } from '../../src/pipeline/storage.js'
import { testContext } from '../support/resource.js'

const ENDPOINT = 'network/endpoint/'

/** Short names of the services that get an interface endpoint. */
function services(yaml: string, region = 'us-east-1'): string[] {
  const { clients, names } = testContext()
  const aws = new AwsContext({ clients, names: new Names({ ...names.place, region }), emulated: false })
  const environment = resolveEnvironment(parseConfig(`project: sensors\n${yaml}`, 'datapipe.yaml'), 'dev')
  const { logs } = storage(aws, environment, security(aws, environment))
  return network(aws, environment, ['az1', 'az2'], logs)
    .resources.map(({ id }) => id)
    .filter((id) => id.startsWith(ENDPOINT) && id !== `${ENDPOINT}s3`)
    .map((id) => id.slice(ENDPOINT.length))
    .sort()
}

const MINIMAL = ['ecr.api', 'ecr.dkr', 'glue', 'logs']

describe('interface endpoints', () => {
  it('are none, unless there is no other way out or somebody asks for one', () => {
    for (const egress of ['public', 'nat', 'nat-per-az'])
      expect(services(`network: { egress: ${egress} }\nmonitoring: { rejectedRowsPerDay: 5 }`)).to.deep.equal(
        [],
      )
    expect(services('network: { egress: nat, interfaceEndpoints: [athena] }')).to.deep.equal(['athena'])
  })

  it('are what every task calls, and the one for metrics where an alarm waits for them', () => {
    expect(services('network: { egress: endpoints }')).to.deep.equal(MINIMAL)
    expect(services('network: { egress: endpoints }\nmonitoring: { rejectedRowsPerDay: 5 }')).to.deep.equal([
      ...MINIMAL,
      'monitoring',
    ])
    expect(
      services(
        'network: { egress: endpoints, interfaceEndpoints: [monitoring] }\nmonitoring: { rejectedRowsPerDay: 5 }',
      ),
    ).to.deep.equal([...MINIMAL, 'monitoring'])
  })

  it('let the metric of rejected rows through, for our account alone', () => {
    const [statement, ...others] = interfaceEndpointPolicy(testContext().names, 'monitoring').Statement
    expect(others).to.deep.equal([])
    expect(statement).to.deep.include({ Effect: 'Allow', Action: ['cloudwatch:PutMetricData'] })
    expect(statement!.Condition!.StringEquals).to.include({ 'aws:PrincipalAccount': '111122223333' })
  })

  it('are those of ECS too in regions opened since 23 December 2023, and only there', () => {
    const withEcs = ['ecr.api', 'ecr.dkr', 'ecs', 'ecs-agent', 'ecs-telemetry', 'glue', 'logs']
    for (const region of ['ca-west-1', 'ap-southeast-5', 'mx-central-1'])
      expect(services('network: { egress: endpoints }', region), region).to.deep.equal(withEcs)
    for (const region of ['eu-north-1', 'il-central-1', 'cn-north-1', 'us-gov-west-1'])
      expect(services('network: { egress: endpoints }', region), region).to.deep.equal(MINIMAL)
    expect(services('network: { egress: nat }', 'ca-west-1')).to.deep.equal([])
  })
})
