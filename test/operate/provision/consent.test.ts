import { expect } from 'chai'
import { consentToDown, type DownWish } from '../../../src/operate/provision/consent.js'
import { UsageError } from '../../../src/errors.js'

/** The code that it is refused with, or what it answers. */
function answer(wish: Partial<DownWish>): string {
  try {
    return consentToDown({ ...WISH, ...wish })
  } catch (error) {
    if (error instanceof UsageError) return error.code
    throw error
  }
}

const dev = { name: 'dev', protect: false, endpoint: undefined }
const prod = { name: 'prod', protect: true, endpoint: undefined }
const local = { name: 'local', protect: false, endpoint: 'embedded' }
/** An unprotected environment, named on the command line, with a configuration file, in CI. */
const WISH: DownWish = {
  environment: dev,
  deleteData: false,
  yes: false,
  isNamed: true,
  isConfigured: true,
  canAsk: false,
}

describe('consent to a down', () => {
  const ROWS: [string, Partial<DownWish>, string][] = [
    ['asks at a terminal', { canAsk: true }, 'ask'],
    ['asks before data goes, too', { canAsk: true, deleteData: true }, 'ask'],
    ['refuses without a terminal', {}, 'CONFIRMATION_REQUIRED'],
    ['takes --yes where a mistake loses no data', { yes: true }, 'given'],
    ['takes the name', { confirm: 'dev' }, 'given'],
    ['takes the name for data', { confirm: 'dev', deleteData: true }, 'given'],
    ['refuses another name', { confirm: 'prod' }, 'CONFIRMATION_WRONG'],
    ['refuses another name also with --yes', { confirm: 'prod', yes: true }, 'CONFIRMATION_WRONG'],
    ['refuses --yes for data', { yes: true, deleteData: true }, 'DATA_NOT_CONFIRMED'],
    [
      'refuses --yes for data at a terminal, too',
      { yes: true, deleteData: true, canAsk: true },
      'DATA_NOT_CONFIRMED',
    ],
    ['refuses --yes for what a variable named', { yes: true, isNamed: false }, 'CONFIRMATION_REQUIRED'],
    ['takes the name for what a variable named', { confirm: 'dev', isNamed: false }, 'given'],
    [
      'refuses --yes when no file could say "protected"',
      { yes: true, isConfigured: false },
      'CONFIRMATION_REQUIRED',
    ],
    ['takes the name without a file', { confirm: 'dev', isConfigured: false }, 'given'],
    ['asks without a file', { canAsk: true, isConfigured: false }, 'ask'],
    ['refuses --yes for a protected one', { environment: prod, yes: true }, 'ENVIRONMENT_PROTECTED'],
    ['refuses a protected one at a terminal', { environment: prod, canAsk: true }, 'ENVIRONMENT_PROTECTED'],
    ['refuses another name for a protected one', { environment: prod, confirm: 'dev' }, 'CONFIRMATION_WRONG'],
    ['takes the name of a protected one', { environment: prod, confirm: 'prod', deleteData: true }, 'given'],
    [
      'takes --yes for everything of the embedded one',
      { environment: local, yes: true, deleteData: true, isNamed: false, isConfigured: false },
      'given',
    ],
    [
      'refuses --yes for the embedded one when it is protected',
      { environment: { ...local, protect: true }, yes: true },
      'ENVIRONMENT_PROTECTED',
    ],
    [
      'knows the embedded one by where it runs, not by its name',
      { environment: { ...local, endpoint: undefined }, yes: true, deleteData: true },
      'DATA_NOT_CONFIRMED',
    ],
  ]
  for (const [what, wish, expected] of ROWS) {
    it(what, () => {
      expect(answer(wish)).to.equal(expected)
    })
  }

  it('says how to do what was wanted', () => {
    expect(() => consentToDown({ ...WISH, yes: true, deleteData: true }))
      .to.throw(UsageError)
      .that.deep.includes({
        exitCode: 2,
        suggestions: ['To delete it: datapipe down --env dev --delete-data --confirm dev'],
      })
  })
})
