import { expect } from 'chai'
import { resolveEnvironment } from '../../src/config/environments.js'
import { jsonSchema, knownKeys } from '../../src/config/json-schema.js'
import { parseConfig } from '../../src/config/load.js'
import { UsageError } from '../../src/errors.js'

const file = (text: string) => parseConfig(text, 'datapipe.yaml')

describe('resolveEnvironment', () => {
  it('gives any well-formed name the defaults when nothing is listed', () => {
    const { datasets, ...dev } = resolveEnvironment(file(''), 'dev')
    expect(datasets).to.deep.equal({})
    expect(dev).to.deep.equal({
      name: 'dev',
      project: 'datapipe',
      region: undefined,
      account: undefined,
      profile: undefined,
      protect: false,
      endpoint: undefined,
      network: {
        cidr: '10.20.0.0/16',
        zones: 2,
        egress: 'public',
        flowLogs: 'off',
        networkAcls: false,
        interfaceEndpoints: [],
      },
      compute: { architecture: 'arm64', logRetentionDays: 30, spot: false, maxConcurrency: 10 },
      schedule: { timezone: 'UTC', enabled: true },
      backfill: false,
      query: { maxScanBytes: 10_000_000_000 },
      notify: { email: [], onSuccess: false },
      monitoring: { dashboard: false },
      catalog: { crawler: 'off', schedule: 'cron(0 3 * * ? *)' },
      spark: { enabled: false, workers: 2, workerType: 'G.1X', flex: false, timeoutMinutes: 120 },
      bucketNamespace: 'account-regional',
      keyDeletionDays: 30,
      permissionsBoundary: undefined,
    })
  })

  it('runs local on the embedded AWS unless told otherwise', () => {
    expect(resolveEnvironment(file(''), 'local').endpoint).to.equal('embedded')
    expect(resolveEnvironment(file('environments: { prod: {} }'), 'local').endpoint).to.equal('embedded')
    const elsewhere = file('environments: { local: { endpoint: "http://127.0.0.1:4566" } }')
    expect(resolveEnvironment(elsewhere, 'local').endpoint).to.equal('http://127.0.0.1:4566')
  })

  it('merges key by key: environment over top level over defaults', () => {
    const config = file(
      'region: eu-north-1\nnetwork: { cidr: 10.30.0.0/16, zones: 3 }\nenvironments: { prod: { region: eu-west-1, network: { cidr: 10.40.0.0/16 }, compute: { architecture: x86_64 } }, dev: {} }',
    )
    const prod = resolveEnvironment(config, 'prod')
    expect(prod.region).to.equal('eu-west-1')
    expect(prod.network).to.deep.equal({
      cidr: '10.40.0.0/16',
      zones: 3,
      egress: 'public',
      flowLogs: 'off',
      networkAcls: false,
      interfaceEndpoints: [],
    })
    expect(prod.compute).to.include({ architecture: 'x86_64', logRetentionDays: 30 })
    expect(resolveEnvironment(config, 'dev').network).to.deep.equal({
      cidr: '10.30.0.0/16',
      zones: 3,
      egress: 'public',
      flowLogs: 'off',
      networkAcls: false,
      interfaceEndpoints: [],
    })
  })

  it('lets the command line win', () => {
    const config = file('region: eu-north-1\nenvironments: { prod: { profile: p, region: eu-west-1 } }')
    expect(resolveEnvironment(config, 'prod', { region: 'us-east-1', profile: 'q' })).to.include({
      region: 'us-east-1',
      profile: 'q',
    })
  })

  const refused = (text: string, name: string, region?: string) => {
    try {
      resolveEnvironment(file(text), name, { region })
    } catch (error) {
      if (error instanceof UsageError) return error
      throw error
    }
    throw new Error('it was accepted')
  }

  it('knows only the listed environments where some are listed', () => {
    const error = refused('environments: { prod: {}, staging: {} }', 'stagging')
    expect(error).to.deep.include({ code: 'UNKNOWN_ENVIRONMENT', exitCode: 2 })
    expect(error.message).to.equal(
      'There is no environment "stagging" in the configuration. It has: prod, staging, local.',
    )
    expect(error.suggestions[0]).to.equal('Did you mean --env staging?')
    expect(refused('environments: { prod: {} }', 'constructor').code).to.equal('UNKNOWN_ENVIRONMENT')
  })

  it('refuses names that no AWS name could carry, and regions that are none', () => {
    for (const name of ['Dev', 'a b', '', 'averyveryverylongname', '../x']) {
      expect(refused('', name).code, name).to.equal('INVALID_ENVIRONMENT_NAME')
    }
    expect(refused('', 'dev', 'europe').code).to.equal('INVALID_REGION')
  })
})

describe('jsonSchema', () => {
  it('describes the file for editors, defaults included', () => {
    const schema = jsonSchema()
    expect(schema.additionalProperties).to.equal(false)
    expect(schema.properties?.network?.properties?.zones?.default).to.equal(2)
    expect(schema.required, 'nothing is required').to.equal(undefined)
    expect(JSON.parse(JSON.stringify(schema))).to.deep.equal(schema)
  })

  it('knows the keys of every place', () => {
    expect(knownKeys([])).to.include.members(['project', 'environments', 'datasets'])
    expect(knownKeys(['environments', 'dev'])).to.include.members(['account', 'network', 'endpoint'])
    expect(knownKeys(['datasets', 't', 'timeseries'])).to.deep.equal([
      'start',
      'end',
      'samples',
      'output',
      'every',
      'fill',
    ])
    expect(knownKeys(['datasets'])).to.deep.equal([])
    expect(knownKeys(['nowhere', 'x'])).to.deep.equal([])
  })
})
