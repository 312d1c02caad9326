import { createHash } from 'node:crypto'
import { expect } from 'chai'
import type { Json } from '../../../src/local/asl/json.js'
import { fill } from './run.js'

async function value(expression: string, input: Json = {}): Promise<Json | undefined> {
  const outcome = await fill({ 'value.$': expression }, input)
  expect(outcome.status, outcome.cause).to.equal('SUCCEEDED')
  return (outcome.output as { value: Json }).value
}

async function failure(expression: string, input: Json = {}): Promise<string> {
  const outcome = await fill({ 'value.$': expression }, input)
  expect(outcome.status).to.equal('FAILED')
  return `${outcome.error ?? ''}: ${outcome.cause ?? ''}`
}

describe('intrinsic functions', () => {
  const cases: [expression: string, input: Json, expected: Json][] = [
    ["States.Format('Hello {}, {}!', $.name, 3)", { name: 'Ann' }, 'Hello Ann, 3!'],
    ["States.Format('{}', $.size)", { size: 12.5 }, '12.5'],
    ["States.Format('{} {}', null, true)", {}, 'null true'],
    ["States.Format('\\{{}\\}', $.a)", { a: 1 }, '{1}'],
    ["States.Format('it\\'s \\\\ {}', 'ok')", {}, "it's \\ ok"],
    ["States.Format('{}', $.list)", { list: [1, { a: 'x' }] }, '[1, {a=x}]'],
    ['States.Format($.template, 1)', { template: 'a{}b' }, 'a1b'],
    ["States.Format('{}', $.odd['a,b)c'])", { odd: { 'a,b)c': 'found' } }, 'found'],
    ['States.StringToJson(\'{"a": [1]}\')', {}, { a: [1] }],
    ['States.JsonToString($)', { a: 'ü' }, '{"a":"ü"}'],
    ["States.Array(1, 'two', $.three, States.Array())", { three: [3] }, [1, 'two', [3], []]],
    ['States.ArrayPartition($, 4)', [1, 2, 3, 4, 5, 6, 7, 8, 9], [[1, 2, 3, 4], [5, 6, 7, 8], [9]]],
    ['States.ArrayContains($.list, $.wanted)', { list: [{ a: 1 }], wanted: { a: 1 } }, true],
    ['States.ArrayContains($.list, 5)', { list: [1, 2] }, false],
    ['States.ArrayRange(1, 9, 2)', {}, [1, 3, 5, 7, 9]],
    ['States.ArrayRange(3, -3, -3)', {}, [3, 0, -3]],
    ['States.ArrayGetItem($, 2)', ['a', 'b', 'c'], 'c'],
    ['States.ArrayLength($.list)', { list: [1, 2, 3] }, 3],
    ['States.ArrayUnique($)', [1, { a: 1 }, 1, { a: 1 }, '1'], [1, { a: 1 }, '1']],
    ["States.Base64Encode('Data to encode ✓')", {}, 'RGF0YSB0byBlbmNvZGUg4pyT'],
    ["States.Base64Decode('RGF0YSB0byBlbmNvZGUg4pyT')", {}, 'Data to encode ✓'],
    ["States.Hash('input data', 'SHA-1')", {}, 'aaff4a450a104cd177d28d18d74485e8cae074b7'],
    [
      'States.JsonMerge($.a, $.b, false)',
      { a: { x: { y: 1 }, z: 1 }, b: { x: { w: 2 } } },
      { x: { w: 2 }, z: 1 },
    ],
    ['States.MathAdd($.a, -1)', { a: 111 }, 110],
    ["States.StringSplit('1,2;;3', ',;')", {}, ['1', '2', '3']],
    ["States.ArrayLength(States.StringSplit(States.Format('{}-{}', 'a', 'b'), '-'))", {}, 2],
    ['  States.MathAdd( 1 , 2 )'.trim(), {}, 3],
  ]
  for (const [expression, input, expected] of cases) {
    it(expression, async () => {
      expect(await value(expression, input)).to.deep.equal(expected)
    })
  }

  it('hashes UTF-8 as everyone does', async () => {
    const key = `inbox/Messung "Süd" 100%/o'hare=1.csv`
    const expected = createHash('sha256').update(`raw/${key}/v1`).digest('hex')
    const hash = await value("States.Hash(States.Format('{}/{}/{}', 'raw', $.key, 'v1'), 'SHA-256')", { key })
    expect(hash).to.equal(expected)
  })

  it('gives another UUID each time', async () => {
    const [first, second] = [await value('States.UUID()'), await value('States.UUID()')]
    expect(first).to.match(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(first).not.to.equal(second)
  })

  it('keeps random numbers within their bounds', async () => {
    for (let i = 0; i < 20; i++) expect(await value('States.MathRandom(1, 3)')).to.be.oneOf([1, 2])
  })

  it('fails as an intrinsic failure on bad arguments', async () => {
    expect(await failure("States.Format('{} {}', 1)"))
      .to.contain('States.IntrinsicFailure')
      .and.contain('2 places for 1')
    expect(await failure("States.Format('{a}', 1)")).to.contain('must be escaped')
    expect(await failure("States.StringToJson('{')")).to.contain('States.IntrinsicFailure')
    expect(await failure("States.MathAdd('1', 2)")).to.contain('a number is needed')
    expect(await failure("States.Hash('a', 'CRC')")).to.contain('unknown algorithm')
    expect(await failure('States.ArrayGetItem($, 1)', ['only'])).to.contain('out of range')
    expect(await failure('States.ArrayRange(0, 100000, 1)')).to.contain('more than 1000')
  })

  it('fails at run time on expressions that are not valid, and on paths that lead nowhere', async () => {
    expect(await failure("States.Format('{}', $.missing)")).to.contain(
      "States.Runtime: An error occurred while executing the state 'Only' (entered at the event id #2). The function 'States.Format('{}', $.missing)' had the following error: The JsonPath argument for the field '$.missing' could not be found in the input '{}'",
    )
    for (const bad of [
      "States.Format('open",
      'States.Array(1,)',
      'States.Array(1) 2',
      'States.Array(x)',
      'States.Nope()',
      'States.UUID(1)',
    ]) {
      expect(await failure(bad), bad).to.match(/^States\.Runtime: .* is not valid/)
    }
  })
})
