import { expect } from 'chai'
import type { Execution } from '../../../src/operate/orchestrator.js'
import { failureReason } from '../../../src/operate/run/failure-reason.js'

const failed = (rest: Partial<Execution>): Execution => ({ name: 'o-1', status: 'FAILED', ...rest })

describe('why an execution failed', () => {
  it('is read from the report of its task', () => {
    const cause = JSON.stringify({
      StoppedReason: 'Essential container in task exited',
      Containers: [
        { Name: 'sidecar', ExitCode: 0 },
        { Name: 'transform', ExitCode: 137, Reason: 'OutOfMemoryError' },
      ],
    })
    expect(failureReason(failed({ error: 'States.TaskFailed', cause }))).to.equal(
      'States.TaskFailed: the task ended with exit code 137; OutOfMemoryError; Essential container in task exited',
    )
  })

  it('is the first line of any other cause, and not endless', () => {
    expect(failureReason(failed({ error: 'ECS.AccessDenied', cause: 'no\nstack' }))).to.equal(
      'ECS.AccessDenied: no',
    )
    expect(failureReason(failed({ cause: 'x'.repeat(1000) }))).to.have.lengthOf(300)
    expect(failureReason(failed({ error: 'E', cause: '"text"' }))).to.equal('E: "text"')
  })

  it('is never nothing', () => {
    expect(failureReason(failed({}))).to.equal('It failed without a reason.')
    expect(failureReason(failed({ status: 'TIMED_OUT', cause: 'x' }))).to.equal(
      'It took longer than allowed.',
    )
    expect(failureReason(failed({ status: 'ABORTED' }))).to.equal('It was stopped.')
  })
})
