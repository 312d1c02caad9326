import { connect } from '../../../src/aws/connect.js'
import type { AwsContext } from '../../../src/aws/context.js'
import { resolveEnvironment } from '../../../src/config/environments.js'
import { parseConfig } from '../../../src/config/load.js'
import type { Environment } from '../../../src/config/schema.js'
import { down, type DownResult } from '../../../src/operate/provision/down.js'
import { up, type UpResult } from '../../../src/operate/provision/up.js'

const NEVER = new AbortController().signal

/** `up` and `down` of the environment `local`, run in this process against an endpoint. */
export class Operator {
  constructor(private readonly endpoint: string) {}

  /** @param config the text of a datapipe.yaml */
  up(config: string, signal: AbortSignal = NEVER): Promise<UpResult> {
    return this.as(config, (aws, environment) => up(aws, environment, { signal, onEvent: () => undefined }))
  }

  /** Takes the data down, too. */
  down(config: string, signal: AbortSignal = NEVER): Promise<DownResult> {
    const request = { deleteData: true, signal, onEvent: () => undefined }
    return this.as(config, (aws, environment) => down(aws, environment, request))
  }

  /** With a connection of its own, as every command has. */
  async as<T>(config: string, action: (aws: AwsContext, environment: Environment) => Promise<T>): Promise<T> {
    const environment = resolveEnvironment(parseConfig(config, 'datapipe.yaml'), 'local')
    const aws = await connect(environment, { endpoint: this.endpoint })
    try {
      return await action(aws, environment)
    } finally {
      aws.clients.destroy()
    }
  }
}

/** Every option that an environment has, beside its way out. */
export const EVERY_OPTION = `
project: order
compute: { spot: true, logRetentionDays: 90 }
schedule: { cron: "0 6 1 * ? *", timezone: Europe/Stockholm }
backfill: true
notify: { email: [ops@example.com], onSuccess: true }
monitoring: { alarms: true, dashboard: true, noSuccessDays: 7, rejectedRowsPerDay: 10, budgetMonthlyUsd: 50 }
catalog: { crawler: schedule, namedQueries: { rows: "select 1" } }
spark: { enabled: true }
`
