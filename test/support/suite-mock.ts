import { mockClient } from 'aws-sdk-client-mock'

/**
 * `mockClient`, for the suite it is called in: every client of a service answers as the test says while the suite runs, and
 * is itself again afterwards. Without that, a mock of a class would also catch the clients of tests that talk to a server.
 */
export const suiteMock: typeof mockClient = (client) => {
  let current: ReturnType<typeof mockClient> | undefined
  before(() => {
    current = mockClient(client as unknown as Parameters<typeof mockClient>[0])
  })
  after(() => {
    current?.restore()
    current = undefined
  })
  const delegate = new Proxy({} as NonNullable<typeof current>, {
    get: (_target, key) => {
      if (current === undefined) throw new Error('A suite mock is there only while its suite runs.')
      const value: unknown = Reflect.get(current, key, current)
      return typeof value === 'function' ? (value.bind(current) as unknown) : value
    },
  })
  return delegate as never
}
