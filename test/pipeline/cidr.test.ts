import { expect } from 'chai'
import { subnetBlocks } from '../../src/pipeline/cidr.js'

describe('subnetBlocks', () => {
  it('gives each zone a sixteenth for private and a 256th for public', () => {
    expect(subnetBlocks('10.20.0.0/16', 2)).to.deep.equal({
      private: ['10.20.0.0/20', '10.20.16.0/20'],
      public: ['10.20.240.0/24', '10.20.241.0/24'],
    })
  })

  it('does not move the first zones when a third comes', () => {
    const two = subnetBlocks('172.16.0.0/20', 2)
    const three = subnetBlocks('172.16.0.0/20', 3)
    expect(three.private.slice(0, 2)).to.deep.equal(two.private)
    expect(three.public).to.deep.equal(['172.16.15.0/28', '172.16.15.16/28', '172.16.15.32/28'])
  })
})
