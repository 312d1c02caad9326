import { GetObjectCommand, GetBucketTaggingCommand, S3Client } from '@aws-sdk/client-s3'
import { expect } from 'chai'
import { fromTagList, TAG, type Tags } from '../../src/aws/tags.js'
import { Account, foreignIn } from '../support/ownership/account.js'
import { FOREIGN } from '../support/ownership/foreign.js'
import { environmentOf } from '../support/properties/world.js'

const BUCKET = 'storage/raw'
const ROLE = 'security/role/ecs-task'

describe('--adopt', function () {
  this.timeout(180_000)

  const environment = environmentOf({ project: 'sensors' })
  let account: Account
  before(async () => {
    account = await Account.open()
  })
  after(() => account.close())

  const makeForeign = async (...ids: string[]): Promise<void> => {
    const aws = account.context()
    for (const resource of await account.resources(environment))
      if (ids.includes(resource.id)) await FOREIGN[resource.type]!(aws, resource)
  }
  const tagsOf = async (purpose: 'raw' | 'artifacts'): Promise<Tags> => {
    const aws = account.context()
    const Bucket = aws.names.bucket(purpose)
    return fromTagList((await aws.clients.of(S3Client).send(new GetBucketTaggingCommand({ Bucket }))).TagSet)
  }
  const theirs = async (): Promise<string | undefined> => {
    const aws = account.context()
    const at = { Bucket: aws.names.bucket('raw'), Key: 'theirs.txt' }
    return (await aws.clients.of(S3Client).send(new GetObjectCommand(at))).Body?.transformToString()
  }

  it('refuses ids that the environment has not, before it looks at anything', async () => {
    for (const ran of [
      await account.plan(environment, ['storage/row']),
      await account.up(environment, ['storage/row']),
    ]) {
      expect(ran.error).to.include({ code: 'UNKNOWN_RESOURCE', exitCode: 2 })
      expect(ran.error!.suggestions.join()).to.contain('--adopt storage/raw')
      expect(ran.writes).to.deep.equal([])
    }
  })

  it('refuses what does not exist, before it makes anything', async () => {
    for (const ran of [await account.plan(environment, [BUCKET]), await account.up(environment, [BUCKET])]) {
      expect(ran.error).to.include({ code: 'NOT_ADOPTABLE', exitCode: 2 })
      expect(ran.writes).to.deep.equal([])
    }
  })

  it('takes nothing but what it names', async () => {
    await makeForeign(BUCKET, ROLE, 'storage/artifacts')
    const ran = await account.up(environment, [BUCKET, 'storage/artifacts'])
    expect(foreignIn(ran)).to.deep.equal([ROLE])
    expect(ran.writes).to.deep.equal([])
    expect(await tagsOf('raw').catch((error: Error) => error.name)).to.equal('NoSuchTagSet')
  })

  it('says what it means, takes over, and leaves what is in it', async () => {
    const adopt = [BUCKET, ROLE, 'storage/artifacts']
    const plan = await account.plan(environment, adopt)
    expect(plan.writes).to.deep.equal([])
    expect(plan.warnings.filter((line) => line.includes('is taken over'))).to.have.length(3)
    expect(plan.warnings.join()).to.contain(
      '`down` keeps it, with what it uses, unless --delete-data is given',
    )
    const changed = plan.result!.resources.find(({ id }) => id === BUCKET)!
    expect(changed.action).to.equal('update')
    expect(changed.diff.map(({ path }) => path)).to.include(`tags.${TAG.adopted}`)

    const up = await account.up(environment, adopt)
    expect(up.error).to.equal(undefined)
    expect(up.warnings.filter((line) => line.includes('is taken over'))).to.have.length(3)
    for (const purpose of ['raw', 'artifacts'] as const)
      expect(await tagsOf(purpose)).to.include({
        [TAG.project]: 'sensors',
        [TAG.env]: 'dev',
        [TAG.adopted]: 'true',
      })
    expect(await theirs()).to.equal('precious')
  })

  it('may be said again, and need not be', async () => {
    for (const adopt of [[], [BUCKET, ROLE]]) {
      const ran = await account.up(environment, adopt)
      expect(ran.error).to.equal(undefined)
      expect(ran.result!.changes).to.include({ created: 0, updated: 0 })
      expect(ran.warnings.join()).not.to.contain('is taken over')
    }
    const ours = await account.up(environment, ['storage/transformed'])
    expect(ours.error).to.include({ code: 'NOT_ADOPTABLE', exitCode: 2 })
  })

  it('lets a plain down keep it, with what it uses', async () => {
    const { error, result } = await account.down(environment)
    expect(error).to.equal(undefined)
    const kept = result!.retained.map(({ id }) => id)
    expect(kept).to.include.members([BUCKET, ROLE, 'storage/artifacts', 'security/key'])
    expect(result!.deleted.map(({ id }) => id)).not.to.include.members([BUCKET, ROLE])
    expect(result!.deleted.map(({ id }) => id)).to.include('compute/cluster')
    expect(await theirs()).to.equal('precious')
  })

  it('ends with the data', async () => {
    const { error, result } = await account.down(environment, true)
    expect(error).to.equal(undefined)
    expect(result!.verifiedEmpty).to.equal(true)
  })
})
