import { AwsClients } from '../../aws/clients.js'
import { AwsContext } from '../../aws/context.js'
import { Names } from '../../aws/names.js'
import type { Environment } from '../../config/schema.js'

/**
 * A context that knows where it would act without asking AWS, when the configuration says account and region: whoever
 * writes the policies may not be able to log in to that account. undefined when it does not say both.
 */
export function offlineContext(environment: Environment): AwsContext | undefined {
  const { account, bucketNamespace, name, project, region } = environment
  if (account === undefined || region === undefined || environment.endpoint !== undefined) return undefined
  const names = new Names({ project, env: name, account, region, bucketNamespace })
  return new AwsContext({ clients: new AwsClients({ region }), names, emulated: false })
}
