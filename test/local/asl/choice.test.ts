import { expect } from 'chai'
import type { Json } from '../../../src/local/asl/json.js'
import { machine, run } from './run.js'

async function choose(rule: object, input: Json): Promise<string> {
  const outcome = await run(
    machine({
      Choose: { Type: 'Choice', Choices: [{ ...rule, Next: 'Yes' }], Default: 'No' },
      Yes: { Type: 'Pass', Result: 'yes', End: true },
      No: { Type: 'Pass', Result: 'no', End: true },
    }),
    input,
  )
  return outcome.status === 'SUCCEEDED' ? (outcome.output as string) : (outcome.error ?? '')
}

describe('Choice state', () => {
  const cases: [rule: object, input: Json, expected: string][] = [
    [{ Variable: '$.a', IsPresent: true }, { a: null }, 'yes'],
    [{ Variable: '$.a', IsPresent: false }, {}, 'yes'],
    [{ Variable: '$.a.b', IsPresent: true }, { a: 1 }, 'no'],
    [{ Variable: '$.a', IsNull: true }, { a: null }, 'yes'],
    [{ Variable: '$.a', IsString: false }, { a: 1 }, 'yes'],
    [{ Variable: '$.a', IsNumeric: true }, { a: 1 }, 'yes'],
    [{ Variable: '$.a', IsBoolean: true }, { a: 'true' }, 'no'],
    [{ Variable: '$.a', IsTimestamp: true }, { a: '2026-01-02T03:04:05.6Z' }, 'yes'],
    [{ Variable: '$.a', IsTimestamp: true }, { a: '2026-01-02 03:04:05' }, 'no'],
    [{ Variable: '$.a', StringEquals: 'x' }, { a: 'x' }, 'yes'],
    [{ Variable: '$.a', StringEquals: '1' }, { a: 1 }, 'no'],
    [{ Variable: '$.a', StringLessThan: 'b' }, { a: 'a' }, 'yes'],
    [{ Variable: '$.a', StringGreaterThanEquals: 'b' }, { a: 'a' }, 'no'],
    [{ Variable: '$.a', StringEqualsPath: '$.b' }, { a: 'x', b: 'x' }, 'yes'],
    [{ Variable: '$.a', StringMatches: 'log-*.txt' }, { a: 'log-2026.txt' }, 'yes'],
    [{ Variable: '$.a', StringMatches: 'log-*.txt' }, { a: 'log-2026.csv' }, 'no'],
    [{ Variable: '$.a', StringMatches: '{*"Containers"*}' }, { a: '{"x":1,\n"Containers":[]}' }, 'yes'],
    [{ Variable: '$.a', StringMatches: 'a\\*c' }, { a: 'abc' }, 'no'],
    [{ Variable: '$.a', StringMatches: 'a\\*c' }, { a: 'a*c' }, 'yes'],
    [{ Variable: '$.a', NumericEquals: 1 }, { a: 1 }, 'yes'],
    [{ Variable: '$.a', NumericLessThan: 67108864 }, { a: 67108863 }, 'yes'],
    [{ Variable: '$.a', NumericLessThan: 67108864 }, { a: 67108864 }, 'no'],
    [{ Variable: '$.a', NumericLessThanEquals: 1 }, { a: 1 }, 'yes'],
    [{ Variable: '$.a', NumericGreaterThan: 1 }, { a: '2' }, 'no'],
    [{ Variable: '$.a', NumericGreaterThanPath: '$.b' }, { a: 2, b: 1 }, 'yes'],
    [{ Variable: '$.a', BooleanEquals: false }, { a: false }, 'yes'],
    [{ Variable: '$.a', BooleanEqualsPath: '$.b' }, { a: false, b: true }, 'no'],
    [{ Variable: '$.a', TimestampEquals: '2026-01-01T01:00:00+01:00' }, { a: '2026-01-01T00:00:00Z' }, 'yes'],
    [{ Variable: '$.a', TimestampLessThan: '2026-01-01T00:00:00Z' }, { a: 'soon' }, 'no'],
    [{ Not: { Variable: '$.a', StringEquals: 'READY' } }, { a: 'RUNNING' }, 'yes'],
    [
      {
        And: [
          { Variable: '$.a', IsPresent: true },
          { Variable: '$.a', NumericEquals: 64 },
        ],
      },
      {},
      'no',
    ],
    [
      {
        Or: [
          { Variable: '$.a', NumericEquals: 1 },
          { Variable: '$.a', NumericEquals: 2 },
        ],
      },
      { a: 2 },
      'yes',
    ],
    [{ Variable: '$.a', NumericEquals: 1 }, {}, 'States.Runtime'],
    [{ Variable: '$.a', NumericEqualsPath: '$.b' }, { a: 1 }, 'States.Runtime'],
    [{ Variable: '$.a', NumericEqualsPath: '$.b' }, { a: 1, b: 'x' }, 'States.Runtime'],
    [{ Variable: '$.a', BooleanLessThan: true }, { a: true }, 'States.Runtime'],
    [{ Variable: '$.a' }, { a: true }, 'States.Runtime'],
  ]
  for (const [rule, input, expected] of cases) {
    it(`${JSON.stringify(rule)} on ${JSON.stringify(input)}: ${expected}`, async () => {
      expect(await choose(rule, input)).to.equal(expected)
    })
  }

  it('takes the first rule that holds, and fails when none does and there is no default', async () => {
    const states = {
      Choose: {
        Type: 'Choice',
        Choices: [
          { Variable: '$.n', NumericLessThan: 10, Next: 'A' },
          { Variable: '$.n', NumericLessThan: 100, Next: 'B' },
        ],
      },
      A: { Type: 'Pass', Result: 'A', End: true },
      B: { Type: 'Pass', Result: 'B', End: true },
    }
    expect((await run(machine(states), { n: 5 })).output).to.equal('A')
    expect((await run(machine(states), { n: 50 })).output).to.equal('B')
    expect(await run(machine(states), { n: 500 })).to.include({
      status: 'FAILED',
      error: 'States.NoChoiceMatched',
    })
  })
})
