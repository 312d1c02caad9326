import { expect } from 'chai'
import { parseConfig } from '../../src/config/load.js'
import { resolveEnvironment } from '../../src/config/environments.js'
import { environmentWith, NFS, SECRET_ARN, SMB } from '../operate/datasync/support.js'

/** What a bad file makes the user read. */
function complaint(datasync: string): string {
  try {
    environmentWith(datasync)
  } catch (error) {
    return (error as Error).message
  }
  throw new Error('Expected it to be refused.')
}

describe('datasync in datapipe.yaml', () => {
  it('is off, and has defaults once it is on', () => {
    expect(environmentWith('')).to.not.have.property('datasync')
    expect(environmentWith(NFS).datasync).to.deep.equal({
      location: { type: 'nfs', host: 'files.example.com', path: '/export/measurements' },
      include: [],
      exclude: ['*.tmp', '*.filepart'],
      verify: 'transferred',
      report: true,
    })
    expect(environmentWith(SMB).datasync!.location.secretArn).to.equal(SECRET_ARN)
  })

  it('is set per environment, key by key', () => {
    const file = parseConfig(
      `datasync:\n  ${NFS}\n  schedule: rate(1 day)\nenvironments:\n  dev: { datasync: { schedule: rate(12 hours) } }\n  prod: {}\n`,
      'f',
    )
    expect(resolveEnvironment(file, 'dev').datasync).to.include({ schedule: 'rate(12 hours)' })
    expect(resolveEnvironment(file, 'prod').datasync).to.include({ schedule: 'rate(1 day)' })
  })

  it('needs a location', () => {
    expect(complaint('schedule: rate(1 day)')).to.include('`datasync.location` of environment dev is missing')
  })

  for (const schedule of [
    'cron(0 3 * * ? *)',
    'cron(15 */2 ? * MON-FRI *)',
    'rate(1 hour)',
    'rate(2 days)',
  ]) {
    it(`takes the schedule ${schedule}`, () => {
      expect(environmentWith(`${NFS}\nschedule: ${schedule}`).datasync!.schedule).to.equal(schedule)
    })
  }

  for (const schedule of [
    '0 3 * * *',
    'cron(0 3 * * *)',
    'cron(* 3 * * ? *)',
    'cron(*/30 * * * ? *)',
    'cron(0,30 * * * ? *)',
    'cron(60 3 * * ? *)',
    'cron(0 3 * * * *)',
    'cron(0 3 ? * ? *)',
    'rate(30 minutes)',
    'rate(1 hours)',
    'rate(0 hours)',
  ]) {
    it(`refuses the schedule ${schedule}`, () => {
      expect(complaint(`${NFS}\nschedule: '${schedule}'`))
        .to.include('`datasync.schedule`')
        .and.include('an hour')
    })
  }

  it('refuses an include that would match nothing, and says how to do it', () => {
    expect(complaint(`${NFS}\ninclude: ['*.csv']`))
      .to.include('`datasync.include[0]`')
      .and.include('`exclude`')
    expect(environmentWith(`${NFS}\ninclude: ['/a/*', '/b/c.csv']`).datasync!.include).to.have.length(2)
    expect(complaint(`${NFS}\nexclude: ['*.tmp|*.bak']`)).to.include('several as a list')
  })

  it('takes a user and a secret for SMB, and for SMB only', () => {
    const smb = 'location: { type: smb, host: files, path: /share }'
    expect(complaint(smb)).to.include('location.user').and.include('location.secretArn')
    expect(complaint(SMB.replace('smb', 'nfs'))).to.include('is for `type: smb` only')
    expect(complaint(SMB.replace('user: reader', "user: 'CORP\\reader'"))).to.include('goes to `domain`')
    expect(
      complaint(SMB.replace('path: /share', 'path: /share, mountOptions: { version: NFS3 }')),
    ).to.include('is no version of SMB')
  })

  for (const [what, location] of [
    ['instead of the ARN', SMB.replace(`'${SECRET_ARN}'`, 'hunter2-canary')],
    ['as a number', SMB.replace(`'${SECRET_ARN}'`, '4711000123')],
    ['under a key of its own', SMB.replace('secretArn', 'password: hunter2-canary, secretArn')],
  ] as const) {
    it(`never repeats a password that somebody wrote ${what}`, () => {
      expect(complaint(location)).to.not.match(/hunter2|4711000123/)
    })
  }
})
