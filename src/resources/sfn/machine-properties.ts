import type {
  CreateStateMachineInput,
  DescribeStateMachineCommandOutput,
  EncryptionConfiguration,
  LogLevel,
} from '@aws-sdk/client-sfn'
import { UNKNOWN } from '../../engine/change.js'

/** Everything about a state machine but its definition, as a tree that compares. */
export interface MachineProperties extends Record<string, unknown> {
  type: 'STANDARD'
  roleArn: string
  logging: { level: LogLevel; includeExecutionData: boolean; destinations: string[] }
  tracing: boolean
  encryption: EncryptionConfiguration
}

export interface ObservedMachineProperties extends Record<string, unknown> {
  status: string | undefined
}

/** Step Functions asks KMS once in this time, not once per state. */
const KEY_REUSE_SECONDS = 300

export function machineProperties(wanted: {
  roleArn: string
  logGroupArn: string
  logLevel: LogLevel
  tracing: boolean
  keyArn: string | undefined
}): MachineProperties {
  return {
    type: 'STANDARD',
    roleArn: wanted.roleArn,
    logging: {
      level: wanted.logLevel,
      // It would carry what files are called and what they contain into the logs.
      includeExecutionData: false,
      destinations: [logDestination(wanted.logGroupArn)],
    },
    tracing: wanted.tracing,
    encryption:
      wanted.keyArn === undefined
        ? { type: 'AWS_OWNED_KEY' }
        : {
            type: 'CUSTOMER_MANAGED_KMS_KEY',
            kmsKeyId: wanted.keyArn,
            kmsDataKeyReusePeriodSeconds: KEY_REUSE_SECONDS,
          },
  }
}

export function observedProperties(machine: DescribeStateMachineCommandOutput): ObservedMachineProperties {
  return {
    status: machine.status,
    type: machine.type,
    roleArn: machine.roleArn,
    logging: {
      level: machine.loggingConfiguration?.level,
      includeExecutionData: machine.loggingConfiguration?.includeExecutionData ?? false,
      destinations: (machine.loggingConfiguration?.destinations ?? []).map(
        (destination) => destination.cloudWatchLogsLogGroup?.logGroupArn,
      ),
    },
    tracing: machine.tracingConfiguration?.enabled ?? false,
    encryption: machine.encryptionConfiguration ?? { type: 'AWS_OWNED_KEY' },
  }
}

/** The same as the parameters of create and update. */
export function configuration({ encryption, logging, tracing }: MachineProperties) {
  return {
    loggingConfiguration: {
      level: logging.level,
      includeExecutionData: logging.includeExecutionData,
      destinations: logging.destinations.map((logGroupArn) => ({ cloudWatchLogsLogGroup: { logGroupArn } })),
    },
    tracingConfiguration: { enabled: tracing },
    encryptionConfiguration: encryption,
  } satisfies Partial<CreateStateMachineInput>
}

/** Step Functions wants the ARN of all streams of the group (spec §9.2). */
function logDestination(arn: string): string {
  return arn === UNKNOWN || arn.endsWith(':*') ? arn : `${arn}:*`
}
