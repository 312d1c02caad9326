import { AwsClients } from '../../src/aws/clients.js'
import { AwsContext } from '../../src/aws/context.js'
import { Names } from '../../src/aws/names.js'
import type { Operation } from '../../src/engine/operation.js'

/** A context for tests of single resources: account 111122223333, us-east-1, project sensors, environment dev. */
export function testContext(): AwsContext {
  const names = new Names({
    project: 'sensors',
    env: 'dev',
    account: '111122223333',
    region: 'us-east-1',
    bucketNamespace: 'account-regional',
  })
  const clients = new AwsClients({
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  })
  return new AwsContext({ clients, names, emulated: false })
}

/** An operation that is never aborted and remembers what it was told. */
export function testOperation(
  signal: AbortSignal = new AbortController().signal,
): Operation & { said: string[] } {
  const said: string[] = []
  return { signal, said, waiting: (message) => void said.push(message) }
}
