import { expect } from 'chai'
import { ExitCode } from '../../../src/errors.js'
import { failedResources } from '../../../src/operate/provision/failures.js'

const failure = (id: string, name: string, message = 'no') => ({
  id,
  type: 'AWS::X::Y',
  error: Object.assign(new Error(message), { name }),
})

describe('failedResources', () => {
  it('lists all that went wrong, and keeps the code of a single cause', () => {
    const throttled = failure('a', 'ThrottlingException')
    const denied = failure('b', 'AccessDenied')
    const both = failedResources('UP_INCOMPLETE', [throttled, denied], [], undefined, ExitCode.partial)
    expect(both).to.include({ code: 'UP_INCOMPLETE', exitCode: ExitCode.partial })
    expect(both.message.split('\n').map((line) => line.split(':')[0])).to.deep.equal(['a', 'b'])
    expect(failedResources('UP_INCOMPLETE', [throttled], [], undefined).code).to.equal('THROTTLED')
  })

  it('says once that the login has ended, whatever else failed because of it', () => {
    const failures = [
      failure('a', 'ExpiredTokenException'),
      failure('b', 'ExpiredToken'),
      failure('c', 'UnknownError'),
    ]
    const skipped = [{ id: 'd', type: 'AWS::X::Y', reason: 'because' }]
    const error = failedResources('UP_INCOMPLETE', failures, skipped, { some: 'result' }, ExitCode.partial)
    expect(error).to.include({ code: 'EXPIRED_TOKEN', exitCode: ExitCode.partial })
    expect(error.message).to.contain('expired').and.contain('4 resources')
    expect(error.suggestions[0]).to.contain('Log in again')
    expect(error.result).to.deep.equal({ some: 'result' })
  })
})
