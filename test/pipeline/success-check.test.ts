import aslValidator from 'asl-validator'
import { expect } from 'chai'
import { daysBeforeMonths, FIRST_YEAR } from '../../src/pipeline/calendar.js'
import { successCheckDefinition } from '../../src/pipeline/state-machines/success-check.js'
import { StatesError } from '../../src/local/asl/errors.js'
import type { Json } from '../../src/local/asl/json.js'
import { entered, run } from '../local/asl/run.js'
import { expectGolden } from '../support/golden.js'
import { testContext } from '../support/resource.js'

const { names } = testContext()
const WORKER = names.stateMachineArn('worker')
const DAYS = 35
const definition = successCheckDefinition({
  env: 'dev',
  partition: 'aws',
  topicArn: names.arn('sns', names.topic),
  workerArn: WORKER,
  days: DAYS,
})
/** When the virtual clock of the interpreter starts. */
const TODAY = Date.parse('2026-01-01T00:00:00.000Z')
const daysAgo = (days: number) => new Date(TODAY - days * 86_400_000).toISOString()

/** Runs the check in a world with these times. */
async function check(last: { success?: string; created?: string }, failures = 0) {
  const published: Record<string, Json>[] = []
  const asked: Json[] = []
  let failing = failures
  const outcome = await run(
    definition,
    {},
    {
      handlers: {
        'arn:aws:states:::aws-sdk:sfn:listExecutions': ({ parameters }) => {
          if (failing-- > 0) throw new StatesError('Sfn.ThrottlingException', 'Rate exceeded')
          asked.push(parameters)
          return Promise.resolve({
            Executions: last.success === undefined ? [] : [{ Status: 'SUCCEEDED', StopDate: last.success }],
          })
        },
        'arn:aws:states:::aws-sdk:sfn:describeStateMachine': () =>
          Promise.resolve({ CreationDate: last.created ?? '' }),
        'arn:aws:states:::sns:publish': ({ parameters }) => {
          published.push(parameters as Record<string, Json>)
          return Promise.resolve({ MessageId: '1' })
        },
      },
    },
  )
  return { outcome, published, asked }
}

describe('the check of the last success', () => {
  it('is valid to asl-validator, and as reviewed', () => {
    const { errors, isValid } = aslValidator(definition)
    expect(errors).to.deep.equal([])
    expect(isValid).to.equal(true)
    // The table of days has a test of its own.
    const text = JSON.stringify(
      definition,
      (key, value: unknown) => (key === 'Result' ? '(table)' : value),
      2,
    )
    expectGolden('state-machines/success-check.json', `${text}\n`)
  })

  it('looks at the latest success of the worker and is silent while that is recent', async () => {
    const { asked, outcome, published } = await check({ success: daysAgo(DAYS - 1) })
    expect(outcome.status).to.equal('SUCCEEDED')
    expect(asked).to.deep.equal([{ StateMachineArn: WORKER, StatusFilter: 'SUCCEEDED', MaxResults: 1 }])
    expect(entered(outcome).at(-1)).to.equal('AllWell')
    expect(published).to.deep.equal([])
  })

  it('speaks from the day on', async () => {
    const { outcome, published } = await check({ success: daysAgo(DAYS) })
    expect(outcome.status).to.equal('SUCCEEDED')
    expect(published).to.have.length(1)
    expect(published[0]!.Subject).to.equal('datapipe dev: no file loaded for 35 days')
    expect(published[0]!.Message).to.include(daysAgo(DAYS)).and.include('datapipe status --env dev')
  })

  it('counts from the creation of the environment when nothing was ever loaded', async () => {
    expect((await check({ created: daysAgo(3) })).published).to.deep.equal([])
    expect((await check({ created: daysAgo(400) })).published).to.have.length(1)
  })

  it('agrees with the calendar across months, years and leap days', async () => {
    for (let ago = 0; ago < 730; ago += 13) {
      const { published } = await check({ success: daysAgo(ago) })
      expect(published.length, `${ago} days ago`).to.equal(ago >= DAYS ? 1 : 0)
    }
  })

  it('tries a call that failed again', async () => {
    const { outcome, published } = await check({ success: daysAgo(100) }, 2)
    expect(outcome.status).to.equal('SUCCEEDED')
    expect(published).to.have.length(1)
  })

  it('has a table that is right for every month, and small enough for a definition', () => {
    const table = daysBeforeMonths()
    expect(table[0]).to.deep.equal([0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335])
    expect(table[2099 - FIRST_YEAR]![11]).to.equal(
      Math.round((Date.UTC(2099, 11, 1) - Date.UTC(2024, 0, 1)) / 86_400_000),
    )
    expect(JSON.stringify(definition).length).to.be.lessThan(20_000)
  })
})
