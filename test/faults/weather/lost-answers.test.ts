import { expect } from 'chai'
import { startMoto, resetMoto, type Moto } from '../../support/moto.js'
import { deletionRules } from '../../support/realism/deletion-rules.js'
import { startRealisticAws } from '../../support/realism/double.js'
import { Operator } from '../../support/realism/environment.js'
import type { AwsRequest } from '../../support/realism/request.js'
import { present, snapshot } from '../../support/snapshot.js'
import { repetitionRules } from '../../support/weather/start.js'

const CONFIG = `
project: order
network: { egress: nat, networkAcls: true }
notify: { email: [ops@example.com] }
monitoring: { budgetMonthlyUsd: 50 }
datasync:
  location:
    type: smb
    host: files.example.com
    path: /share
    user: reader
    secretArn: arn:aws:secretsmanager:eu-north-1:123456789012:secret:files-AbCdEf
`
const READING = /^(Describe|Get|List|Head|BatchGet|GET|HEAD)/
/** That it is gone already the emulator says in words that do not say so. */
const UNCLEAR = 'datasync:Delete'
const LOSSES = { 'cut off': { cut: 'after' }, 'an error of the server': { failure: true } } as const

describe('answers that are lost', function () {
  this.timeout(600_000)
  let moto: Moto
  const opened: { stop(): Promise<void> }[] = []
  before(async () => {
    moto = await startMoto()
  })
  afterEach(async () => {
    for (const aws of opened.splice(0)) await aws.stop()
  })
  after(() => moto.stop())

  const start = async (strike: (request: AwsRequest) => object) => {
    const aws = await startRealisticAws(moto.endpoint, [...repetitionRules(), ...deletionRules()], { strike })
    opened.push(aws)
    return Object.assign(aws, { operator: new Operator(aws.endpoint) })
  }

  for (const [name, loss] of Object.entries(LOSSES)) {
    it(`of the first write of each kind, ${name}: nothing is made twice, and nothing is left behind`, async () => {
      await resetMoto(moto.endpoint)
      const calm = await start(() => ({}))
      await calm.operator.up(CONFIG)
      const undisturbed = await snapshot(moto.endpoint)
      await calm.operator.down(CONFIG)

      await resetMoto(moto.endpoint)
      const lost = new Set<string>()
      const aws = await start(({ action, service }) => {
        const call = `${service}:${action}`
        if (READING.test(action) || call.startsWith(UNCLEAR) || lost.has(call)) return {}
        lost.add(call)
        if ('cut' in loss) return loss
        return { refuseAfter: { code: 'InternalError', message: 'An internal error.', status: 500 } }
      })
      await aws.operator.up(CONFIG)
      expect([...lost]).to.include.members([
        'datasync:CreateLocationS3',
        'datasync:CreateLocationSmb',
        'datasync:CreateTask',
        'ec2:AllocateAddress',
        'ec2:CreateInternetGateway',
        'ec2:CreateNatGateway',
        'ec2:CreateSecurityGroup',
        'ec2:CreateSubnet',
        'ec2:CreateVpc',
        'kms:CreateKey',
      ])
      const { taskDefinitions, ...rest } = await snapshot(moto.endpoint)
      const { taskDefinitions: wanted, ...all } = undisturbed
      expect(rest).to.deep.equal(all)
      // Another revision of the same family: harmless, and the last ones are kept anyway.
      expect(taskDefinitions).to.be.within(Number(wanted), Number(wanted) + 1)
      const again = await aws.operator.up(CONFIG)
      expect(again.changes).to.include({ created: 0, updated: 0, replaced: 0, deleted: 0 })

      expect(await aws.operator.down(CONFIG)).to.deep.include({ verifiedEmpty: true, leftovers: [] })
      expect(present(await snapshot(moto.endpoint))).to.deep.equal({})
    })
  }
})
