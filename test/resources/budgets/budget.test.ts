import {
  BudgetsClient,
  CreateBudgetCommand,
  CreateNotificationCommand,
  DeleteBudgetCommand,
  DeleteNotificationCommand,
  DescribeBudgetCommand,
  DescribeNotificationsForBudgetCommand,
  DescribeSubscribersForNotificationCommand,
  ListTagsForResourceCommand,
  TagResourceCommand,
  UpdateBudgetCommand,
  type Budget as AwsBudget,
  type Notification,
} from '@aws-sdk/client-budgets'
import { expect } from 'chai'
import { upperTags } from '../../../src/aws/tags.js'
import { Budget } from '../../../src/resources/budgets/budget.js'
import { testContext } from '../../support/resource.js'
import { suiteMock } from '../../support/suite-mock.js'

const TOPIC = 'arn:aws:sns:us-east-1:111122223333:dp-sensors-dev-alerts'
const NAME = 'dp-sensors-dev-use1'
const tag = (Key: string, Value: string) => ({
  Tags: { Key, Values: [Value], MatchOptions: ['EQUALS' as const] },
})

function named(name: string): Error {
  return Object.assign(new Error(name), { name })
}

const notification = (Threshold: number, more: Partial<Notification> = {}): Notification => ({
  NotificationType: 'ACTUAL',
  ComparisonOperator: 'GREATER_THAN',
  Threshold,
  ThresholdType: 'PERCENTAGE',
  ...more,
})

describe('Budget', () => {
  const budgets = suiteMock(BudgetsClient)
  const budget = new Budget(testContext(), 'monitoring/budget', NAME, {
    monthlyUsd: 20,
    thresholds: [
      { type: 'ACTUAL', percent: 80 },
      { type: 'FORECASTED', percent: 100 },
    ],
    topicArn: () => TOPIC,
  })
  const desired: AwsBudget = {
    BudgetName: NAME,
    BudgetType: 'COST',
    TimeUnit: 'MONTHLY',
    BudgetLimit: { Amount: '20', Unit: 'USD' },
    FilterExpression: { And: [tag('datapipe:project', 'sensors'), tag('datapipe:env', 'dev')] },
    Metrics: ['UnblendedCost'],
  }
  const both = [notification(80), notification(100, { NotificationType: 'FORECASTED' })]

  function existing(overrides: Partial<AwsBudget> = {}, notifications = both, tags = budget.tags): void {
    budgets.on(DescribeBudgetCommand).resolves({
      Budget: { ...desired, BudgetLimit: { Amount: '20.0', Unit: 'USD' }, ...overrides },
    })
    budgets.on(DescribeNotificationsForBudgetCommand).resolves({ Notifications: notifications })
    budgets
      .on(DescribeSubscribersForNotificationCommand)
      .resolves({ Subscribers: [{ SubscriptionType: 'SNS', Address: TOPIC }] })
    budgets.on(ListTagsForResourceCommand).resolves({ ResourceTags: upperTags(tags) })
  }
  const paths = async () => budget.diff((await budget.read())!).map(({ path }) => path)

  beforeEach(() => budgets.reset())

  it('is asked for at the one global endpoint, from every region', () => {
    const client = new BudgetsClient({ region: 'eu-north-1' })
    const { url } = client.config.endpointProvider({ Region: 'eu-north-1', UseFIPS: false })
    expect(url.hostname).to.match(/^budgets\.(us-east-1\.)?(amazonaws\.com|api\.aws)$/)
    client.destroy()
  })

  it('is absent, ours, or foreign', async () => {
    budgets.on(DescribeBudgetCommand).rejects(named('NotFoundException'))
    expect(await budget.read()).to.equal(undefined)
    existing()
    expect(await budget.read()).to.deep.include({
      owned: true,
      physicalId: `arn:aws:budgets::111122223333:budget/${NAME}`,
    })
    existing({}, both, {})
    expect((await budget.read())!.owned).to.equal(false)
  })

  it('names each property that drifted, and takes 20.0 for 20', async () => {
    existing()
    expect(await paths()).to.deep.equal([])
    existing({ BudgetLimit: { Amount: '30', Unit: 'USD' } })
    expect(await paths()).to.deep.equal(['monthlyUsd'])
    existing({ TimeUnit: 'DAILY' })
    expect(await paths()).to.deep.equal(['timeUnit'])
    existing({ FilterExpression: undefined })
    expect(await paths()).to.deep.equal(['filter'])
    existing({ FilterExpression: { And: [tag('datapipe:env', 'dev')] } })
    expect((await paths()).every((path) => path.startsWith('filter'))).to.equal(true)
    existing({}, [notification(80), notification(50)])
    expect(await paths()).to.deep.equal(['notifications.FORECASTED-100', 'notifications.ACTUAL-50'])
    existing({}, both, { ...budget.tags, Name: 'x' })
    expect(await paths()).to.deep.equal(['tags.Name'])
  })

  it('is created in one call, with who is told and its tags', async () => {
    await budget.create()
    expect(budgets.commandCalls(CreateBudgetCommand)[0]!.args[0].input).to.deep.equal({
      AccountId: '111122223333',
      Budget: desired,
      NotificationsWithSubscribers: both.map((Notification) => ({
        Notification,
        Subscribers: [{ SubscriptionType: 'SNS', Address: TOPIC }],
      })),
      ResourceTags: upperTags(budget.tags),
    })
  })

  it('is taken over when the answer to its creation was lost, and left alone when it is not ours', async () => {
    const duplicate = Object.assign(new Error('there'), { name: 'DuplicateRecordException' })
    existing({ BudgetLimit: { Amount: '30', Unit: 'USD' } })
    budgets.on(CreateBudgetCommand).rejects(duplicate)
    expect(await budget.create()).to.deep.equal((await budget.read())!.attributes)
    expect(budgets.commandCalls(UpdateBudgetCommand)).to.have.length(1)
    existing({}, both, {})
    budgets.on(CreateBudgetCommand).rejects(duplicate)
    const error = await budget.create().catch((thrown: unknown) => thrown)
    expect(error).to.have.property('code', 'FOREIGN_RESOURCE')
  })

  it('changes only what differs', async () => {
    existing({ BudgetLimit: { Amount: '30', Unit: 'USD' } })
    let observed = (await budget.read())!
    await budget.update(observed, budget.diff(observed))
    expect(budgets.commandCalls(UpdateBudgetCommand)[0]!.args[0].input.NewBudget).to.deep.equal(desired)
    expect(budgets.commandCalls(DeleteNotificationCommand)).to.have.length(0)

    existing({}, [notification(80), notification(50)], { ...budget.tags, Name: 'x' })
    observed = (await budget.read())!
    await budget.update(observed, budget.diff(observed))
    expect(budgets.commandCalls(UpdateBudgetCommand)).to.have.length(1)
    const thresholds = (command: typeof CreateNotificationCommand | typeof DeleteNotificationCommand) =>
      budgets
        .commandCalls(command as typeof CreateNotificationCommand)
        .map(({ args }) => args[0].input.Notification?.Threshold)
    expect(thresholds(DeleteNotificationCommand)).to.deep.equal([50])
    expect(thresholds(CreateNotificationCommand)).to.deep.equal([100])
    expect(budgets.commandCalls(TagResourceCommand)).to.have.length(1)
  })

  it('tells the topic again when somebody took it off a threshold', async () => {
    existing()
    budgets.on(DescribeSubscribersForNotificationCommand).resolves({ Subscribers: [] })
    const observed = (await budget.read())!
    await budget.update(observed, budget.diff(observed))
    expect(budgets.commandCalls(DeleteNotificationCommand)).to.have.length(2)
    expect(budgets.commandCalls(CreateNotificationCommand)[0]!.args[0].input.Subscribers).to.deep.equal([
      { SubscriptionType: 'SNS', Address: TOPIC },
    ])
  })

  it('is deleted, and that it was gone is fine', async () => {
    budgets.on(DeleteBudgetCommand).resolvesOnce({}).rejects(named('NotFoundException'))
    expect(await budget.delete()).to.deep.equal({ status: 'deleted' })
    expect(await budget.delete()).to.deep.equal({ status: 'absent' })
  })
})
