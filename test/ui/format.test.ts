import { expect } from 'chai'
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatElapsed,
  formatUsd,
  formatValue,
  plural,
  typeWords,
} from '../../src/ui/format.js'

describe('format', () => {
  const cases = <T>(name: string, format: (value: T) => string, expected: [T, string][]) => {
    it(name, () => {
      expect(expected.map(([value]) => format(value))).to.deep.equal(expected.map(([, text]) => text))
    })
  }

  cases<number>('bytes in decimal units, never 1000 of one', formatBytes, [
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [1234, '1.2 kB'],
    [99_949, '99.9 kB'],
    [99_950, '100 kB'],
    [999_499, '999 kB'],
    [999_500, '1.0 MB'],
    [5_368_709_120, '5.4 GB'],
    [2e15, '2.0 PB'],
    [5e18, '5000 PB'],
  ])

  cases<number>('durations, never 60 of one', formatDuration, [
    [0, '0 ms'],
    [999.4, '999 ms'],
    [999.5, '1.0 s'],
    [4230, '4.2 s'],
    [59_949, '59.9 s'],
    [59_950, '1 min 00 s'],
    [185_000, '3 min 05 s'],
    [3_599_600, '1 h 00 min'],
    [7_800_000, '2 h 10 min'],
  ])

  cases<number>('elapsed time in whole seconds', formatElapsed, [
    [0, '0s'],
    [20_900, '20s'],
    [185_000, '3m05s'],
  ])

  cases<number | bigint>('counts with thousands', formatCount, [
    [0, '0'],
    [1234567, '1,234,567'],
    [12345678901234567890n, '12,345,678,901,234,567,890'],
  ])

  cases<number>('money, with small amounts not shown as nothing', formatUsd, [
    [0, '$0.00'],
    [1, '$1.00'],
    [0.004, '< $0.01'],
    [0.005, '$0.01'],
    [43.8, '$43.80'],
    [12345.678, '$12,345.68'],
  ])

  cases<unknown>('values in one line', (value) => formatValue(value, 20), [
    [null, '(none)'],
    [undefined, '(none)'],
    ['a\nb', '"a\\nb"'],
    [{ a: [1, 2] }, '{"a":[1,2]}'],
    ['x'.repeat(30), '"xxxxxxxxxxxxxxxxxx…'],
  ])

  cases<string>('resource types as words', typeWords, [
    ['AWS::EC2::NatGateway', 'nat gateway'],
    ['AWS::EC2::VPC', 'VPC'],
    ['AWS::EC2::VPCGatewayAttachment', 'VPC gateway attachment'],
    ['AWS::KMS::Key', 'key'],
  ])

  it('plurals', () => {
    expect([
      plural(0, 'file'),
      plural(1, 'file'),
      plural(2000, 'file'),
      plural(2, 'entry', 'entries'),
    ]).to.deep.equal(['0 files', '1 file', '2,000 files', '2 entries'])
  })
})
