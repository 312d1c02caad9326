import { expect } from 'chai'
import pc from 'picocolors'
import { UNKNOWN } from '../../src/engine/change.js'
import { renderPlan, type PlannedResource } from '../../src/ui/plan.js'

const plain = pc.createColors(false)

const resources: PlannedResource[] = [
  { id: 'network/vpc', type: 'AWS::EC2::VPC', action: 'unchanged', diff: [] },
  {
    id: 'network/subnet/public/a',
    type: 'AWS::EC2::Subnet',
    action: 'create',
    diff: [{ path: 'cidr', from: null, to: '10.20.0.0/20', replaces: false }],
  },
  {
    id: 'storage/raw',
    type: 'AWS::S3::Bucket',
    action: 'update',
    diff: [
      { path: 'encryption.keyArn', from: null, to: UNKNOWN, replaces: false },
      { path: 'versioning', from: 'Suspended', to: 'Enabled', replaces: false },
      { path: 'lifecycle.days', from: 30, to: 90, replaces: false },
    ],
  },
  {
    id: 'compute/task',
    type: 'AWS::ECS::TaskDefinition',
    action: 'replace',
    diff: [{ path: 'cpu', from: '1024', to: '2048', replaces: true }],
  },
  { id: 'old/queue', type: 'AWS::SQS::Queue', action: 'delete', diff: [] },
]

describe('renderPlan', () => {
  it('shows changes property by property, the sum and the cost', () => {
    const cost = { idleMonthlyUsd: 1, items: [{ item: 'KMS key', monthlyUsd: 1 }] }
    expect(renderPlan(resources, cost, plain)).to.equal(
      [
        '+ create network/subnet/public/a (AWS::EC2::Subnet)',
        '~ update storage/raw (AWS::S3::Bucket)',
        '    encryption.keyArn: (none) -> (known after up)',
        '    versioning: "Suspended" -> "Enabled"',
        '    lifecycle.days: 30 -> 90',
        '-/+ replace compute/task (AWS::ECS::TaskDefinition)',
        '    cpu: "1024" -> "2048"  (cannot change in place)',
        '- delete old/queue (AWS::SQS::Queue)',
        '',
        '1 to create, 1 to update, 1 to replace, 1 to delete, 1 unchanged.',
        '',
        'Idle, this environment costs about $1.00 a month.',
        '      $1.00  KMS key',
      ].join('\n'),
    )
  })

  it('says so when there is nothing to do', () => {
    expect(renderPlan(resources.slice(0, 1), { idleMonthlyUsd: 0, items: [] }, plain)).to.equal(
      [
        'Nothing to do: everything is as it should be.',
        '',
        'Idle, this environment costs about $0.00 a month.',
      ].join('\n'),
    )
  })

  it('colours only what it is allowed to', () => {
    const text = renderPlan(resources, { idleMonthlyUsd: 0, items: [] }, pc.createColors(true))
    expect(text).to.include('\u001B[32m+ create\u001B[39m network/subnet/public/a')
  })
})
