import {
  CloudWatchClient,
  DashboardInvalidInputError,
  DeleteDashboardsCommand,
  GetDashboardCommand,
  ListTagsForResourceCommand,
  PutDashboardCommand,
  TagResourceCommand,
} from '@aws-sdk/client-cloudwatch'
import { expect } from 'chai'
import { upperTags } from '../../../src/aws/tags.js'
import type { DatapipeError } from '../../../src/errors.js'
import { Dashboard } from '../../../src/resources/cloudwatch/dashboard.js'
import { testContext, testOperation } from '../../support/resource.js'
import { suiteMock } from '../../support/suite-mock.js'

const NAME = 'dp-sensors-dev-use1'
const ARN = `arn:aws:cloudwatch::111122223333:dashboard/${NAME}`
const widget = (title: string, more: object = {}) => ({
  type: 'metric',
  x: 0,
  properties: { title, region: 'us-east-1', ...more },
})
const BODY = { start: '-P7D', widgets: [widget('A'), widget('B'), { type: 'text', properties: {} }] }

function named(name: string): Error {
  return Object.assign(new Error(name), { name })
}

describe('Dashboard', () => {
  const cloudwatch = suiteMock(CloudWatchClient)
  const op = testOperation()
  const dashboard = new Dashboard(testContext(), 'monitoring/dashboard', NAME, { body: () => BODY })

  function existing(body: string, tags = dashboard.tags): void {
    cloudwatch.on(GetDashboardCommand).resolves({ DashboardBody: body })
    cloudwatch.on(ListTagsForResourceCommand).resolves({ Tags: upperTags(tags) })
  }
  const paths = async () => dashboard.diff((await dashboard.read())!).map(({ path }) => path)

  beforeEach(() => cloudwatch.reset())

  it('is absent, ours, or foreign', async () => {
    cloudwatch.on(GetDashboardCommand).rejects(named('DashboardNotFoundError'))
    expect(await dashboard.read()).to.equal(undefined)
    existing(JSON.stringify(BODY))
    expect(await dashboard.read()).to.deep.include({ owned: true, physicalId: ARN })
    existing(JSON.stringify(BODY), {})
    expect((await dashboard.read())!.owned).to.equal(false)
  })

  it('is unchanged whatever the order of keys and the spaces', async () => {
    existing(JSON.stringify({ widgets: BODY.widgets, start: '-P7D' }, null, 4))
    expect(await paths()).to.deep.equal([])
  })

  it('names each widget that differs, and what is beside them', async () => {
    existing(
      JSON.stringify({
        ...BODY,
        widgets: [widget('A', { stat: 'Sum' }), widget('C'), { type: 'text', properties: { markdown: 'x' } }],
      }),
    )
    expect(await paths()).to.have.members([
      'body.widgets.A',
      'body.widgets.B',
      'body.widgets.C',
      'body.widgets.2',
    ])
    existing(JSON.stringify({ ...BODY, periodOverride: 'auto', start: '-PT3H' }))
    expect(await paths()).to.have.members(['body.start', 'body.periodOverride'])
    existing('not json')
    expect(await paths()).to.deep.equal(['body'])
    existing(JSON.stringify(BODY), { ...dashboard.tags, Name: 'x' })
    expect(await paths()).to.deep.equal(['tags.Name'])
  })

  it('replaces the whole body for one widget, and only tags for a tag', async () => {
    existing(JSON.stringify({ ...BODY, widgets: [] }))
    let observed = (await dashboard.read())!
    await dashboard.update(observed, dashboard.diff(observed), op)
    const { input } = cloudwatch.commandCalls(PutDashboardCommand)[0]!.args[0]
    expect(JSON.parse(input.DashboardBody!)).to.deep.equal(BODY)
    expect(cloudwatch.commandCalls(TagResourceCommand)).to.have.length(0)
    existing(JSON.stringify(BODY), { ...dashboard.tags, Name: 'x' })
    observed = (await dashboard.read())!
    await dashboard.update(observed, dashboard.diff(observed), op)
    expect(cloudwatch.commandCalls(PutDashboardCommand)).to.have.length(1)
    expect(cloudwatch.commandCalls(TagResourceCommand)[0]!.args[0].input.ResourceARN).to.equal(ARN)
  })

  it('says what CloudWatch found wrong', async () => {
    cloudwatch.on(PutDashboardCommand).rejects(
      new DashboardInvalidInputError({
        message: 'The dashboard is not valid',
        $metadata: {},
        dashboardValidationMessages: [{ DataPath: '/widgets/0/x', Message: 'Should be >= 0' }],
      }),
    )
    const error = await dashboard.create(op).then(
      () => undefined,
      (thrown: unknown) => thrown as DatapipeError,
    )
    expect(error?.code).to.equal('DASHBOARD_INVALID')
    expect(error?.message).to.include('/widgets/0/x: Should be >= 0')
  })

  it('is deleted, and that it was gone is fine', async () => {
    existing('{}')
    const observed = (await dashboard.read())!
    cloudwatch.on(DeleteDashboardsCommand).resolvesOnce({}).rejects(named('DashboardNotFoundError'))
    expect(await dashboard.delete(observed, op)).to.deep.equal({ status: 'deleted' })
    expect(await dashboard.delete(observed, op)).to.deep.equal({ status: 'absent' })
  })
})
