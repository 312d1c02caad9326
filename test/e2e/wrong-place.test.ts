import { expect } from 'chai'
import type { DownResult } from '../../src/operate/provision/down.js'
import type { UpResult } from '../../src/operate/provision/up.js'
import { User } from '../support/cli.js'
import { startMoto, type Moto } from '../support/moto.js'
import { present, snapshot } from '../support/snapshot.js'

describe('down in a place that was not meant', function () {
  this.timeout(180_000)
  let moto: Moto
  let user: User
  let deployed: object

  before(async () => {
    moto = await startMoto()
    user = await User.create({
      AWS_ENDPOINT_URL: moto.endpoint,
      AWS_REGION: 'eu-north-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    })
    // With parts, and their roles, that the defaults know nothing of.
    await user.write('ours.yaml', 'backfill: true\nschedule: { cron: "0 6 1 * ? *" }\n')
    await user.write('loans.yaml', 'project: loans\n')
    await user.write(
      'guarded.yaml',
      'environments: { dev: { protect: true }, prod: { account: "222233334444" } }\n',
    )
    const up = await user.json<UpResult>('up', '--env', 'dev', '--config', 'ours.yaml')
    expect(up.code, JSON.stringify(up.error)).to.equal(0)
    deployed = present(await snapshot(moto.endpoint))
  })
  afterEach(async () => {
    expect(present(await snapshot(moto.endpoint))).to.deep.equal(deployed)
  })
  after(async () => {
    await user.leave()
    await moto.stop()
  })

  const down = (...args: string[]) => user.json<DownResult>('down', ...args)

  it('touches nothing of another region, and says where the environment is', async () => {
    const { code, error } = await down(
      '--env',
      'dev',
      '--region',
      'eu-west-1',
      '--confirm',
      'dev',
      '--delete-data',
    )
    expect(code).to.equal(2)
    expect(error).to.include({ code: 'ENVIRONMENT_ELSEWHERE' })
    expect(error?.suggestions.join()).to.include('--region eu-north-1')
  })

  it('touches nothing of another region when it makes the environment there', async () => {
    const there = ['--env', 'dev', '--region', 'eu-west-1']
    expect((await user.json('up', ...there)).code).to.equal(0)
    const gone = await down(...there, '--confirm', 'dev', '--delete-data')
    expect(gone.result).to.deep.include({ verifiedEmpty: true, leftovers: [] })
    const plan = await user.run('plan', '--env', 'dev', '--config', 'ours.yaml', '--detailed-exitcode')
    expect(plan.code, plan.stdout).to.equal(0)
  })

  it('touches nothing of another project, and says that there is a namesake', async () => {
    const { code, result, warnings } = await down(
      '--env',
      'dev',
      '--config',
      'loans.yaml',
      '--confirm',
      'dev',
    )
    expect(code).to.equal(0)
    expect(result.deleted).to.deep.equal([])
    expect(warnings.join()).to.include('of project datapipe is another environment')
  })

  it('touches nothing in an account that is not the pinned one', async () => {
    const { code, error } = await down('--env', 'prod', '--config', 'guarded.yaml', '--confirm', 'prod')
    expect([code, error?.code]).to.deep.equal([2, 'WRONG_ACCOUNT'])
  })

  for (const [what, args, code] of [
    [
      'a protected environment without its name',
      ['--env', 'dev', '--config', 'guarded.yaml', '--yes'],
      'ENVIRONMENT_PROTECTED',
    ],
    [
      'data without the name',
      ['--env', 'dev', '--config', 'ours.yaml', '--delete-data', '--yes'],
      'DATA_NOT_CONFIRMED',
    ],
    ['anything without the file that may protect it', ['--env', 'dev', '--yes'], 'CONFIRMATION_REQUIRED'],
    [
      'an environment that the file does not know',
      ['--env', 'dve', '--config', 'guarded.yaml', '--confirm', 'dve'],
      'UNKNOWN_ENVIRONMENT',
    ],
    ['anything when nobody can be asked', ['--env', 'dev', '--config', 'ours.yaml'], 'CONFIRMATION_REQUIRED'],
  ] as const) {
    it(`does not touch ${what}`, async () => {
      const refused = await down(...args)
      expect([refused.code, refused.error?.code]).to.deep.equal([2, code])
    })
  }

  it('does not touch what a variable named that was left set', async () => {
    user.env.DATAPIPE_ENV = 'dev'
    try {
      const refused = await down('--config', 'ours.yaml', '--yes')
      expect([refused.code, refused.error?.code]).to.deep.equal([2, 'CONFIRMATION_REQUIRED'])
    } finally {
      delete user.env.DATAPIPE_ENV
    }
  })
})
