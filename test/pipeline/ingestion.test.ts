import { expect } from 'chai'
import type { PolicyDocument } from '../../src/aws/policy.js'
import { Graph } from '../../src/engine/graph.js'
import { ingestion } from '../../src/pipeline/ingestion.js'
import { orphansOf } from '../../src/pipeline/orphans.js'
import { datasyncLogPolicy, datasyncRolePolicy, datasyncTrust } from '../../src/pipeline/policies/datasync.js'
import { security } from '../../src/pipeline/security.js'
import { storage } from '../../src/pipeline/storage.js'
import { environmentWith, NFS, SECRET_ARN, SMB } from '../operate/datasync/support.js'
import { arn } from '../resources/datasync/support.js'
import { expectGolden } from '../support/golden.js'
import { testContext } from '../support/resource.js'

const KEY = 'arn:aws:kms:us-east-1:111122223333:key/11111111-2222-3333-4444-555555555555'
const SECRET_KEY = 'arn:aws:kms:us-east-1:111122223333:key/99999999-2222-3333-4444-555555555555'

describe('ingestion', () => {
  const aws = testContext()
  const { names } = aws
  const build = (datasync: string) => {
    const environment = environmentWith(datasync)
    const securityPart = security(aws, environment)
    const storagePart = storage(aws, environment, securityPart)
    const part = ingestion(aws, environment, { security: securityPart, storage: storagePart })
    return { part, all: [...securityPart.resources, ...storagePart.resources, ...(part?.resources ?? [])] }
  }

  it('is nothing unless it is configured', () => {
    expect(build('').part).to.equal(undefined)
  })

  it('makes what copies after what it needs, and another location for another kind of server', () => {
    const { all, part } = build(NFS)
    const order = new Graph(all).order.map(({ id }) => id)
    expect(part!.resources.map(({ id }) => id)).to.have.members([
      'security/role/datasync',
      'ingestion/logs',
      'ingestion/log-policy',
      'ingestion/destination',
      'ingestion/agent',
      'ingestion/source/nfs',
      'ingestion/task',
    ])
    for (const [first, then] of [
      ['ingestion/agent', 'ingestion/source/nfs'],
      ['security/role/datasync', 'ingestion/destination'],
      ['storage/raw', 'ingestion/destination'],
      ['ingestion/log-policy', 'ingestion/task'],
      ['storage/artifacts', 'ingestion/task'],
    ] as const)
      expect(order.indexOf(first), `${first} before ${then}`).to.be.lessThan(order.indexOf(then))
    expect(build(SMB).part!.source!.id).to.equal('ingestion/source/smb')
  })

  it('is removed task first, agents last, when the configuration no longer names it', () => {
    const item = (kind: 'agent' | 'location' | 'task', serial: number, id: string) => ({
      arn: arn(kind, serial),
      id,
      tags: aws.tags(id, 'x'),
    })
    const orphans = orphansOf(
      aws,
      [
        item('agent', 1, 'ingestion/agent-replaced/agent-1'),
        item('location', 2, 'ingestion/source/smb'),
        item('location', 3, 'ingestion/source/nfs'),
        item('location', 4, 'ingestion/destination'),
        item('task', 5, 'ingestion/task'),
      ],
      [],
    )
    expect(orphans.map(({ type }) => type.replace('AWS::DataSync::', ''))).to.deep.equal([
      'Task',
      'LocationSMB',
      'LocationNFS',
      'LocationS3',
      'Agent',
    ])
  })

  describe('policies', () => {
    const POLICIES: Record<string, PolicyDocument> = {
      'trust-datasync': datasyncTrust(names),
      'role-datasync': datasyncRolePolicy(names, { keyArn: KEY, report: false }),
      'role-datasync-smb-report': datasyncRolePolicy(names, {
        keyArn: KEY,
        report: true,
        secret: { arn: SECRET_ARN, keyArn: SECRET_KEY },
      }),
      'log-group-datasync': datasyncLogPolicy(names),
    }

    for (const [name, document] of Object.entries(POLICIES)) {
      it(`${name} is as reviewed`, () => {
        expectGolden(`policies/${name}.json`, `${JSON.stringify(document, null, 2)}\n`)
      })
    }

    it('have no wildcard, and let nothing be deleted', () => {
      for (const statement of POLICIES['role-datasync-smb-report']!.Statement) {
        expect(statement.Resource).to.not.equal('*')
        for (const action of [statement.Action].flat()) expect(action).to.not.match(/\*|Delete/)
      }
    })
  })
})
