import {
  GetBucketNotificationConfigurationCommand,
  PutBucketNotificationConfigurationCommand,
} from '@aws-sdk/client-s3'
import { diffProperties } from '../../../engine/change.js'
import type { Aspect, BucketTarget } from './aspect.js'

/**
 * Whether S3 sends the bucket's events to EventBridge. Put last, when everything behind it exists.
 *
 * @param readable false on emulators: moto takes `EventBridgeConfiguration` and drops it from what it answers, so a
 *   difference there would never end
 */
export function notifications(eventBridge: boolean, readable: boolean): Aspect {
  return {
    path: 'notifications',
    unreadable: !readable,
    async read({ at, s3 }) {
      if (!readable) return null
      const answer = await s3.send(new GetBucketNotificationConfigurationCommand(at))
      return { eventBridge: answer.EventBridgeConfiguration !== undefined }
    },
    diff: (seen) =>
      readable ? diffProperties({ notifications: seen }, { notifications: { eventBridge } }) : [],
    put: (target) => putNotifications(target, eventBridge),
  }
}

/** S3 replaces the whole configuration, so what others configured is read first and put back (aws-cdk#29653). */
async function putNotifications({ at, s3 }: BucketTarget, eventBridge: boolean): Promise<void> {
  const current = await s3.send(new GetBucketNotificationConfigurationCommand(at))
  await s3.send(
    new PutBucketNotificationConfigurationCommand({
      ...at,
      // The destinations of others may be gone; that is theirs to repair and must not stop ours.
      SkipDestinationValidation: true,
      NotificationConfiguration: {
        TopicConfigurations: current.TopicConfigurations,
        QueueConfigurations: current.QueueConfigurations,
        LambdaFunctionConfigurations: current.LambdaFunctionConfigurations,
        ...(eventBridge ? { EventBridgeConfiguration: {} } : {}),
      },
    }),
  )
}

/** No more events of this bucket to anyone: it is about to be emptied. */
export async function stopNotifications({ at, s3 }: BucketTarget): Promise<void> {
  await s3.send(new PutBucketNotificationConfigurationCommand({ ...at, NotificationConfiguration: {} }))
}
