import { expect } from 'chai'
import type { DownResult } from '../../src/operate/provision/down.js'
import type { UpResult } from '../../src/operate/provision/up.js'
import { User } from '../support/cli.js'
import { startMoto, type Moto } from '../support/moto.js'
import { present, snapshot } from '../support/snapshot.js'

describe('several environments in one account', function () {
  this.timeout(180_000)
  let moto: Moto
  let user: User

  before(async () => {
    moto = await startMoto()
    user = await User.create({
      AWS_ENDPOINT_URL: moto.endpoint,
      AWS_REGION: 'eu-north-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    })
    await user.write('loans.yaml', 'project: loans\n')
  })
  after(async () => {
    await user.leave()
    await moto.stop()
  })

  /** Two environments of one project, one of which starts with the other's name, and a second project. */
  const PLACES = [
    ['--env', 'dev'],
    ['--env', 'dev-2'],
    ['--env', 'dev', '--config', 'loans.yaml'],
  ]

  it('stand side by side, and one goes without touching the others', async () => {
    const ids: string[] = []
    for (const place of PLACES) {
      const { code, error, result } = await user.json<UpResult>('up', ...place)
      expect(code, JSON.stringify(error)).to.equal(0)
      expect(result.changes).to.include({ updated: 0, replaced: 0, deleted: 0 })
      // Account-wide things, such as the service-linked role of ECS, are everybody's.
      ids.push(
        ...result.resources
          .filter(({ type }) => type !== 'AWS::IAM::ServiceLinkedRole' && type !== 'Custom::S3Object')
          .map(({ physicalId, type }) => `${type} ${physicalId}`),
      )
    }
    expect(new Set(ids).size).to.equal(ids.length)

    const [, doomed] = PLACES
    const gone = await user.json<DownResult>('down', ...doomed!, '--delete-data', '--confirm', 'dev-2')
    expect(gone.code, JSON.stringify(gone.error)).to.equal(0)
    expect(gone.result.verifiedEmpty).to.equal(true)
    for (const place of [PLACES[0]!, PLACES[2]!]) {
      const plan = await user.run('plan', ...place, '--detailed-exitcode')
      expect(plan.code, plan.stdout).to.equal(0)
    }

    for (const place of [PLACES[0]!, PLACES[2]!])
      await user.run('down', ...place, '--delete-data', '--confirm', 'dev')
    expect(present(await snapshot(moto.endpoint))).to.deep.equal({})
  })
})
