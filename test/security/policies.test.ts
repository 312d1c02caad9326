import { readdirSync, readFileSync } from 'node:fs'
import { expect } from 'chai'

const GOLDEN = new URL('../golden/policies/', import.meta.url)

interface Statement {
  Effect: string
  Principal?: unknown
  Action: string | string[]
  Resource: string | string[]
  Condition?: Record<string, Record<string, unknown>>
}

/** What `up` sends is compared with these files elsewhere; here is what must be in them. */
const policies = readdirSync(GOLDEN)
  .filter((name) => /^(bucket|queue|topic)/.test(name))
  .map((name) => {
    const { Statement } = JSON.parse(readFileSync(new URL(name, GOLDEN), 'utf8')) as {
      Statement: Statement[]
    }
    return { name, statements: Statement }
  })

describe('the policies of what keeps data and messages', () => {
  it('are those of buckets, queues and topics', () => {
    for (const kind of ['bucket-', 'queue-', 'topic'])
      expect(policies.some(({ name }) => name.startsWith(kind))).to.equal(true)
  })

  for (const { name, statements } of policies) {
    it(`${name} denies everybody everything that does not come by TLS`, () => {
      const denied = statements.filter(
        ({ Condition, Effect }) => Effect === 'Deny' && Condition?.Bool?.['aws:SecureTransport'] === 'false',
      )
      expect(denied).to.have.length(1)
      const [{ Action, Condition, Principal, Resource }] = denied as [Statement]
      expect(['*', { AWS: '*' }]).to.deep.include(Principal)
      // Nothing else that would have to hold.
      expect(Condition).to.deep.equal({ Bool: { 'aws:SecureTransport': 'false' } })
      expect(
        [Action].flat().some((action) => /^(\*|[a-z0-9]+:\*)$/.test(action)) || name.startsWith('topic'),
      ).to.equal(true)
      if (name.startsWith('bucket')) {
        const resources = [Resource].flat()
        expect(resources).to.have.length(2)
        expect(resources[1]).to.equal(`${resources[0]}/*`)
      }
    })

    it(`${name} allows nobody without a condition or a name`, () => {
      for (const { Condition, Effect, Principal } of statements) {
        if (Effect !== 'Allow') continue
        const isEverybody = JSON.stringify(Principal).includes('"*"')
        if (isEverybody) expect(Condition).not.to.equal(undefined)
      }
    })
  }
})
