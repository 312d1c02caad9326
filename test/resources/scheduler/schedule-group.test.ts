import {
  ConflictException,
  CreateScheduleGroupCommand,
  DeleteScheduleGroupCommand,
  GetScheduleGroupCommand,
  ListTagsForResourceCommand,
  ResourceNotFoundException,
  SchedulerClient,
  TagResourceCommand,
} from '@aws-sdk/client-scheduler'
import { expect } from 'chai'
import { upperTags } from '../../../src/aws/tags.js'
import { ScheduleGroup } from '../../../src/resources/scheduler/schedule-group.js'
import { testContext, testOperation } from '../../support/resource.js'
import { suiteMock } from '../../support/suite-mock.js'

const ARN = 'arn:aws:scheduler:us-east-1:111122223333:schedule-group/dp-sensors-dev'
const answer = { $metadata: {}, Message: 'no', message: 'no' }

describe('ScheduleGroup', () => {
  const scheduler = suiteMock(SchedulerClient)
  const op = testOperation()
  const group = new ScheduleGroup(testContext(), 'schedule/group', 'dp-sensors-dev')
  const missing = () => new ResourceNotFoundException(answer)

  beforeEach(() => scheduler.reset())

  it('is absent when there is none, and when it is on its way out', async () => {
    scheduler.on(GetScheduleGroupCommand).rejectsOnce(missing()).resolves({ State: 'DELETING' })
    expect(await group.read()).to.equal(undefined)
    expect(await group.read()).to.equal(undefined)
  })

  it('is ours by its tags, and names the tag that differs', async () => {
    scheduler.on(GetScheduleGroupCommand).resolves({ State: 'ACTIVE', Arn: ARN })
    scheduler
      .on(ListTagsForResourceCommand, { ResourceArn: ARN })
      .resolvesOnce({ Tags: upperTags({ ...group.tags, Name: 'other' }) })
      .resolves({ Tags: [] })
    const observed = (await group.read())!
    expect(observed.owned).to.equal(true)
    const changes = group.diff(observed)
    expect(changes).to.deep.equal([
      { path: 'tags.Name', from: 'other', to: 'dp-sensors-dev', replaces: false },
    ])
    await group.update(observed, changes, op)
    expect(scheduler.commandCalls(TagResourceCommand)[0]!.args[0].input).to.deep.equal({
      ResourceArn: ARN,
      Tags: upperTags(group.tags),
    })
    expect((await group.read())!.owned).to.equal(false)
  })

  it('is made with its tags, and waits while one of its name is being deleted', async () => {
    scheduler.on(CreateScheduleGroupCommand).rejectsOnce(new ConflictException(answer)).resolves({})
    expect(await group.create(op)).to.deep.equal({ arn: ARN, name: 'dp-sensors-dev' })
    const calls = scheduler.commandCalls(CreateScheduleGroupCommand)
    expect(calls.map((call) => call.args[0].input.Tags)).to.deep.equal([
      upperTags(group.tags),
      upperTags(group.tags),
    ])
  })

  it('is deleted when AWS no longer finds it, not before', async () => {
    scheduler.on(DeleteScheduleGroupCommand).resolves({})
    scheduler.on(GetScheduleGroupCommand).resolvesOnce({ State: 'DELETING' }).rejects(missing())
    const observed = { physicalId: ARN, attributes: { arn: ARN, name: group.name }, owned: true, tags: {} }
    expect(await group.delete(observed, op)).to.deep.equal({ status: 'deleted' })
    expect(scheduler.commandCalls(GetScheduleGroupCommand)).to.have.length(2)
    scheduler.on(DeleteScheduleGroupCommand).rejects(missing())
    expect(await group.delete(observed, op)).to.deep.equal({ status: 'absent' })
  })
})
