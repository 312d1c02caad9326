import { expect } from 'chai'
import { UNKNOWN, type Change } from '../../../src/engine/change.js'
import type { PlanEntry } from '../../../src/engine/plan.js'
import { DatapipeError } from '../../../src/errors.js'
import { driftOf } from '../../../src/operate/drift/differences.js'

const TYPE = 'AWS::SQS::Queue'
const change = (path: string, from: unknown, to: unknown): Change => ({ path, from, to, replaces: false })
const entry = (id: string, action: PlanEntry['action'], changes: Change[] = []): PlanEntry => ({
  id,
  type: TYPE,
  action,
  physicalId: `arn:${id}`,
  changes,
})
const none = { failures: [] }

describe('driftOf', () => {
  it('is what was changed, deleted, or is left over; not what is as it should be', () => {
    const { drift } = driftOf(
      {
        entries: [
          entry('same', 'unchanged'),
          entry('gone', 'create'),
          entry('old', 'delete'),
          entry('changed', 'update', [change('size', 1, 2), change('tags.Name', null, 'n')]),
        ],
        ...none,
      },
      [],
    )
    expect(drift.map(({ id, state }) => [id, state])).to.deep.equal([
      ['gone', 'deleted'],
      ['old', 'orphan'],
      ['changed', 'changed'],
    ])
    expect(drift[2]!.differences).to.deep.equal([
      { path: 'size', expected: 2, found: 1 },
      { path: 'tags.Name', expected: 'n', found: null },
    ])
  })

  it('is not what only follows from something that is gone, wherever in a value that is said', () => {
    const follows = [UNKNOWN, ['subnet-1', UNKNOWN], { Statement: [{ Resource: `${UNKNOWN}/*` }] }]
    for (const to of follows) {
      expect(
        driftOf({ entries: [entry('user', 'update', [change('uses', 'x', to)])], ...none }, []).drift,
      ).to.deep.equal([])
      expect(
        driftOf({ entries: [entry('user', 'replace', [change('uses', 'x', to)])], ...none }, []).drift,
      ).to.deep.equal([])
    }
    const rule = change(`ingress.tcp 443 ${UNKNOWN}`, null, { description: 'tasks' })
    expect(driftOf({ entries: [entry('user', 'update', [rule])], ...none }, []).drift).to.deep.equal([])
    const both = entry('user', 'update', [change('uses', 'x', UNKNOWN), change('size', 1, 2)])
    const [item] = driftOf({ entries: [both], ...none }, []).drift
    expect(item!.differences.map(({ path }) => path)).to.deep.equal(['size'])
  })

  it('is what an up would refuse; what could not be read stays a failure', () => {
    const failure = (id: string, code: string) => ({
      id,
      type: TYPE,
      error: new DatapipeError(code, `${id}: why`),
    })
    const denied = failure('denied', 'ACCESS_DENIED')
    const { drift, unreadable } = driftOf(
      {
        entries: [],
        failures: [
          { ...failure('foreign', 'FOREIGN_RESOURCE'), physicalId: 'theirs' },
          failure('twice', 'DUPLICATE_RESOURCE'),
          failure('data', 'PROTECTED_REPLACEMENT'),
          denied,
          { id: 'broken', type: TYPE, error: new Error('no') },
        ],
      },
      [{ id: 'queue', type: TYPE, arn: 'arn:copy' }],
    )
    expect(drift.map(({ detail, id, physicalId, state }) => [id, state, physicalId, detail])).to.deep.equal([
      ['foreign', 'foreign', 'theirs', 'foreign: why'],
      ['twice', 'duplicate', null, 'twice: why'],
      ['data', 'changed', null, 'data: why'],
      ['queue', 'duplicate', 'arn:copy', 'It carries the tags of queue, and is something else.'],
    ])
    expect(unreadable.map(({ id }) => id)).to.deep.equal(['denied', 'broken'])
  })
})
