import { DuckDBInstance } from '@duckdb/node-api'
import { expect } from 'chai'
import fc from 'fast-check'
import { datasetSchema } from '../../src/config/dataset.js'
import { ByteCensus } from '../../src/transform/census.js'
import { conversion } from '../../src/transform/convert.js'

const { format } = datasetSchema.parse({})

function factsOf(texts: readonly string[]) {
  const census = new ByteCensus()
  for (const text of texts) census.add(Buffer.from(text))
  return census.facts(Math.max(0, ...texts.map((text) => Buffer.byteLength(text))))
}

describe('what the pre-scan knows of the characters in a file', () => {
  it('is which of the watched ones occur, in any chunk', () => {
    const facts = factsOf(['1.5,2', '3,4_0'])
    expect(facts.mayHave('.')).to.equal(true)
    expect(facts.mayHave('e_')).to.equal(true)
    expect(facts.mayHave('eE+')).to.equal(false)
  })

  it('is nothing for a character that nobody watches', () => {
    expect(factsOf(['1']).mayHave('q')).to.equal(true)
  })

  // Texts of few characters meet every guard often.
  const alphabets = {
    integer: ['0', '1', '9', '-', '+', '.', '_', 'e', 'x', 'b', ' ', '\t', '\v'],
    bigint: ['0', '7', '-', '+', '.', '_', 'E', 'X', 'B', ' '],
    double: ['0', '5', '-', '+', '.', '_', 'e', '400', 'nan', 'inf', 'Infinity', ' ', '\f'],
    timestamp: [
      '2023-06-26 21:05:00',
      '2023',
      '-',
      ':',
      '05',
      '5',
      ' ',
      'T',
      '.',
      '+',
      'Z',
      'UTC',
      '474245',
      '/',
      '04',
    ],
    // Digits, blanks, points, colons and dashes alone make many forms that DuckDB takes and the rules do not.
    'timestamp of digits': [
      '2023-06-26 21:05:00',
      '2023-06-26 ',
      '2023 06 26',
      '02023-6-2',
      '0203-',
      '2023-12-1 ',
      '5:7',
      '21:5:00',
      ':',
      '.',
      '-05',
      '-05:00',
      ' -0500',
      '1234567',
      '0000',
      ' ',
      '1',
    ],
  }
  for (const [name, alphabet] of Object.entries(alphabets)) {
    const [type = ''] = name.split(' ')
    it(`never changes what a text means as ${name}: 1,000 files of texts`, async () => {
      const instance = await DuckDBInstance.create(':memory:', { threads: '1' })
      const connection = await instance.connect()
      const piece = fc.constantFrom(...alphabet)
      const text = fc.array(piece, { minLength: 1, maxLength: 7 }).map((pieces) => pieces.join(''))
      // One file in two has letters and signs in few places or in none.
      const subset = fc.subarray(alphabet, { minLength: 2 })
      const file = fc.oneof(
        fc.array(text, { minLength: 1, maxLength: 12 }),
        subset.chain((some) =>
          fc.array(
            fc
              .array(fc.constantFrom(...some), { minLength: 1, maxLength: 7 })
              .map((pieces) => pieces.join('')),
            { minLength: 1, maxLength: 12 },
          ),
        ),
      )
      await fc.assert(
        fc.asyncProperty(file, async (texts) => {
          const forms = [conversion(type, format), conversion(type, format, { facts: factsOf(texts) })]
          const values = forms.map(({ raw, value }) => `CAST(${value('t', raw('t'))} AS VARCHAR)`)
          const list = texts.map((one) => `('${one}')`).join(', ')
          const result = await connection.runAndReadAll(
            `SELECT t, ${values.join(', ')} FROM (VALUES ${list}) texts(t)`,
          )
          for (const [one, exact, quick] of result.getRows()) expect(quick, String(one)).to.equal(exact)
        }),
        { numRuns: 1000 },
      )
      connection.closeSync()
      instance.closeSync()
    }).timeout(120_000)
  }
})
