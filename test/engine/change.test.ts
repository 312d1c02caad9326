import { expect } from 'chai'
import { canonical, diffProperties } from '../../src/engine/change.js'

describe('diffProperties', () => {
  it('names each property that differs by its path, and none that was not asked for', () => {
    const observed = { size: 1, encryption: { key: 'a', algorithm: 'kms' }, extra: true }
    expect(diffProperties(observed, { size: 1, encryption: { key: 'b', algorithm: 'kms' } })).to.deep.equal([
      { path: 'encryption.key', from: 'a', to: 'b', replaces: false },
    ])
  })

  it('takes undefined as "not ours to say" and null as "must be absent"', () => {
    expect(diffProperties({ a: 1, b: 2 }, { a: undefined, b: null, c: null })).to.deep.equal([
      { path: 'b', from: 2, to: null, replaces: false },
    ])
  })

  it('compares arrays as a whole and in order, objects in them whatever the order of their keys', () => {
    expect(diffProperties({ list: [{ a: 1, b: 2 }] }, { list: [{ b: 2, a: 1 }] })).to.deep.equal([])
    expect(diffProperties({ list: [1, 2] }, { list: [2, 1] })).to.deep.equal([
      { path: 'list', from: [1, 2], to: [2, 1], replaces: false },
    ])
  })

  it('says what cannot be changed in place, by its path or a parent of it, not by a name that begins alike', () => {
    const paths = diffProperties(
      { vpc: { id: 1 }, vpcName: 'a', zone: 'x' },
      { vpc: { id: 2 }, vpcName: 'b', zone: 'y' },
      { replaces: ['vpc', 'zone'] },
    ).map(({ path, replaces }) => [path, replaces])
    expect(paths).to.deep.equal([
      ['vpc.id', true],
      ['vpcName', false],
      ['zone', true],
    ])
  })

  it('writes equal values as equal text', () => {
    expect(canonical({ b: [{ d: 1, c: 2 }], a: 1 })).to.equal('{"a":1,"b":[{"c":2,"d":1}]}')
  })
})
