import { expect } from 'chai'
import { parseConfig } from '../../src/config/load.js'
import { UsageError } from '../../src/errors.js'

function messages(text: string): string[] {
  try {
    parseConfig(text, 'f')
    return []
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    const { problems } = error.result as { problems: { message: string; line: number }[] }
    return problems.map(({ line, message }) => `${line}: ${message}`)
  }
}

const dataset = (...lines: string[]) =>
  ['datasets:', '  t:', ...lines.map((line) => `    ${line}`)].join('\n')
const columns =
  'columns: { start_time: timestamp, end_time: timestamp, day: date, samples: integer, name: string }'

describe('cross-checks of the configuration', () => {
  it('finds columns that are named and not declared', () => {
    const text = dataset(
      columns,
      'timeseries:',
      '  start: start',
      '  end: end_tme',
      '  samples: samples',
      'partition: day(strt_time)',
    )
    expect(messages(text)).to.deep.equal([
      '5: `datasets.t.timeseries.start` names the column `start`, which `datasets.t.columns` does not declare.',
      '6: `datasets.t.timeseries.end` names the column `end_tme`, which `datasets.t.columns` does not declare. Did you mean `end_time`?',
      '8: `datasets.t.partition` names the column `strt_time`, which `datasets.t.columns` does not declare. Did you mean `start_time`?',
    ])
  })

  it('finds columns of a type that cannot do what is asked of them', () => {
    const text = dataset(
      columns,
      'timeseries: { start: start_time, end: day, samples: name }',
      'partition: month(samples)',
    )
    expect(messages(text)).to.deep.equal([
      '4: `datasets.t.timeseries.end` needs a timestamp; the column `day` is date.',
      '4: `datasets.t.timeseries.samples` needs a whole number; the column `name` is string.',
      '5: `datasets.t.partition` needs a date or a timestamp; the column `samples` is integer.',
    ])
  })

  it('accepts a column, a function of a column, and anything when columns come from the file', () => {
    expect(messages(dataset(columns, 'partition: name'))).to.deep.equal([])
    expect(messages(dataset(columns, 'partition: year(day)'))).to.deep.equal([])
    expect(messages(dataset('partition: day(whenever)'))).to.deep.equal([])
  })

  it('wants the column of the partition in the key, and the key among the columns', () => {
    expect(messages(dataset(columns, 'partition: day(start_time)', 'key: [name]'))).to.deep.equal([
      '5: `datasets.t.key` must contain the column of `partition`, `start_time`: rows with the same key have to be in the same partition.',
    ])
    expect(messages(dataset(columns, 'partition: day(start_time)', 'key: [name, start_time]'))).to.deep.equal(
      [],
    )
    expect(messages(dataset(columns, 'key: [nam]'))).to.deep.equal([
      '4: `datasets.t.key[0]` names the column `nam`, which `datasets.t.columns` does not declare. Did you mean `name`?',
    ])
  })

  it('does not take a property that every object has for a column', () => {
    expect(messages(dataset(columns, 'partition: constructor'))).to.have.length(1)
  })

  it('refuses a time zone that does not exist and a delimiter that is also the quote', () => {
    expect(
      messages(dataset('format: { timezone: Europe/Stokholm, delimiter: "|", quote: "|" }')),
    ).to.deep.equal([
      '3: `datasets.t.format.timezone` must be an IANA time zone such as Europe/Stockholm; found "Europe/Stokholm".',
      '3: `datasets.t.format.quote` must not be the same character as the delimiter.',
    ])
  })

  it('refuses two datasets for the same files', () => {
    expect(messages('datasets:\n  a: { match: "*.csv" }\n  b: { match: "*.csv" }\n')).to.deep.equal([
      '3: `datasets.b.match` is the same as that of `datasets.a`: a file can belong to one dataset only.',
    ])
  })

  it('refuses a block that AWS would change by itself', () => {
    expect(messages('network: { cidr: 10.20.5.0/16 }')).to.deep.equal([
      '1: `network.cidr` does not start at a /16 boundary; the block is 10.20.0.0/16.',
    ])
    expect(messages('environments:\n  dev: { network: { cidr: 10.20.30.0/20 } }')).to.deep.equal([
      '2: `environments.dev.network.cidr` does not start at a /20 boundary; the block is 10.20.16.0/20.',
    ])
    expect(messages('network: { cidr: 10.256.0.0/16 }')).to.have.length(1)
    expect(messages('network: { cidr: 192.168.16.0/20 }')).to.deep.equal([])
  })
})
