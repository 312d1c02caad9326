import { expect } from 'chai'
import type { Json } from '../../../src/local/asl/json.js'
import { entered, fill, machine, run } from './run.js'

async function pass(state: object, input: Json): Promise<Json | undefined> {
  const outcome = await run(machine({ Only: { Type: 'Pass', End: true, ...state } }), input)
  expect(outcome.status, outcome.cause).to.equal('SUCCEEDED')
  return outcome.output
}

describe('data flow of states', () => {
  it('passes input on, puts a Result in its place, or beside it', async () => {
    expect(await pass({}, { a: 1 })).to.deep.equal({ a: 1 })
    expect(await pass({ Result: 7 }, { a: 1 })).to.equal(7)
    expect(await pass({ Result: 7, ResultPath: '$.b.c' }, { a: 1 })).to.deep.equal({ a: 1, b: { c: 7 } })
    expect(await pass({ Result: 7, ResultPath: null }, { a: 1 })).to.deep.equal({ a: 1 })
    expect(await pass({ Result: 7, ResultPath: "$['b c'][0]" }, { 'b c': [1, 2] })).to.deep.equal({
      'b c': [7, 2],
    })
  })

  it('looks at a part of its input, and puts the result into the whole', async () => {
    const state = { InputPath: '$.x', Parameters: { 'y.$': '$.y' }, ResultPath: '$.got' }
    expect(await pass(state, { x: { y: 2 } })).to.deep.equal({ x: { y: 2 }, got: { y: 2 } })
    expect(await pass({ ...state, OutputPath: '$.got.y' }, { x: { y: 2 } })).to.equal(2)
    expect(await pass({ InputPath: null }, { a: 1 })).to.deep.equal({})
    expect(await pass({ OutputPath: null }, { a: 1 })).to.deep.equal({})
  })

  it('fills in templates at any depth and leaves the rest alone', async () => {
    const input = {
      detail: { object: { key: 'a b/ü"\'=.csv', 'version-id': 'v1' } },
      list: [{ n: 1 }, { n: 2 }],
    }
    const { output } = await fill(
      {
        'key.$': '$.detail.object.key',
        'version.$': "$.detail.object['version-id']",
        'quoted.$': '$["detail"]["object"]["version-id"]',
        'second.$': '$.list[1].n',
        'last.$': '$.list[-1].n',
        'all.$': '$.list[*].n',
        'deep.$': '$..n',
        'slice.$': '$.list[1:]',
        'some.$': '$.list[?(@.n > 1)]',
        'none.$': '$.list[?(@.n > 9)]',
        nested: [{ 'n.$': '$.list[0].n', plain: '$.list' }],
      },
      input,
    )
    expect(output).to.deep.equal({
      key: 'a b/ü"\'=.csv',
      version: 'v1',
      quoted: 'v1',
      second: 2,
      last: 2,
      all: [1, 2],
      deep: [1, 2],
      slice: [{ n: 2 }],
      some: [{ n: 2 }],
      none: [],
      nested: [{ n: 1, plain: '$.list' }],
    })
  })

  it('has the context object', async () => {
    const { output } = await fill(
      {
        'id.$': '$$.Execution.Id',
        'input.$': '$$.Execution.Input.a',
        'state.$': '$$.State.Name',
        'machine.$': '$$.StateMachine.Name',
        'started.$': '$$.Execution.StartTime',
        'text.$': "States.Format('{}/{}', $$.Execution.Name, $.a)",
      },
      { a: 5 },
    )
    expect(output).to.deep.equal({
      id: 'arn:aws:states:us-east-1:111122223333:execution:dp-dev-test:test',
      input: 5,
      state: 'Only',
      machine: 'dp-dev-test',
      started: '2026-01-01T00:00:00.000Z',
      text: 'test/5',
    })
  })

  it('fails at run time on a path that leads nowhere, in the words of Step Functions', async () => {
    const outcome = await fill({ 'a.$': '$.b.c' }, { b: 1 })
    expect(outcome).to.include({
      status: 'FAILED',
      error: 'States.Runtime',
      cause:
        "An error occurred while executing the state 'Only' (entered at the event id #2). The JSONPath '$.b.c' specified for the field 'a.$' could not be found in the input '{\"b\":1}'",
    })
    // What JavaScript objects inherit is not part of the document.
    expect((await fill({ 'a.$': '$.constructor' }, {})).error).to.equal('States.Runtime')
    expect((await fill({ 'a.$': '$.b.length' }, { b: 'text' })).error).to.equal('States.Runtime')
    expect((await fill({ 'a.$': 5 }, {})).error).to.equal('States.Runtime')
  })

  it('has a null where the document has one', async () => {
    expect((await fill({ 'a.$': '$.b' }, { b: null })).output).to.deep.equal({ a: null })
  })

  it('keeps what looks like a prototype as plain data', async () => {
    const input = JSON.parse('{"__proto__": {"polluted": true}}') as Json
    const output = await pass({ Result: 1, ResultPath: '$.a' }, input)
    expect(JSON.stringify(output)).to.equal('{"__proto__":{"polluted":true},"a":1}')
    expect(({} as { polluted?: boolean }).polluted).to.equal(undefined)
  })

  it('cannot put a result into something that is no object', async () => {
    const outcome = await run(
      machine({ Only: { Type: 'Pass', Result: 1, ResultPath: '$.a.b', End: true } }),
      { a: 'text' },
    )
    expect(outcome.error).to.equal('States.ResultPathMatchFailure')
  })

  it('lets no more than 256 KiB pass', async () => {
    const outcome = await run(
      machine({ First: { Type: 'Pass', Next: 'Second' }, Second: { Type: 'Succeed' } }),
      { text: 'ü'.repeat(131_072) },
    )
    expect(outcome.error).to.equal('States.DataLimitExceeded')
    expect(entered(outcome)).to.deep.equal(['First'])
  })
})
