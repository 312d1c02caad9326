import { expect } from 'chai'
import { costItem, hourlyCostItem, PRICES } from '../../src/aws/prices.js'

describe('prices', () => {
  it('say where they come from and when that was last confirmed', () => {
    for (const [name, { asOf, source, usd }] of Object.entries(PRICES.items)) {
      expect(asOf, name).to.match(/^20\d\d-(0[1-9]|1[0-2])$/)
      expect(source, name).to.match(/^https:\/\/aws\.amazon\.com\//)
      expect(usd, name).to.be.greaterThan(0)
    }
  })

  it('become the cost of an idle month', () => {
    expect(costItem('KMS key', 'kmsKey')).to.deep.equal({ item: 'KMS key', monthlyUsd: 1 })
    expect(costItem('100 GB of data', 's3Standard', 100).monthlyUsd).to.be.closeTo(2.3, 1e-9)
    expect(hourlyCostItem('one idle vCPU', 'fargateX86Vcpu').monthlyUsd).to.be.closeTo(29.55, 0.001)
  })
})
