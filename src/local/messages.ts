import { PublishCommand, SNSClient, type PublishCommandInput } from '@aws-sdk/client-sns'
import { SendMessageCommand, SQSClient, type SendMessageCommandInput } from '@aws-sdk/client-sqs'
import type { AwsContext } from '../aws/context.js'
import type { TaskHandler } from './asl/interpreter.js'
import { isObject, type Json, type JsonObject } from './asl/json.js'
import { serviceError } from './service-error.js'

/** `arn:aws:states:::sqs:sendMessage`: a body that is no string is sent as JSON. */
export function sendMessage(aws: AwsContext): TaskHandler {
  return async ({ parameters, signal }) => {
    const input = { ...asObject(parameters), MessageBody: text(asObject(parameters).MessageBody) }
    try {
      const answer = await aws.clients
        .of(SQSClient)
        .send(new SendMessageCommand(input as unknown as SendMessageCommandInput), { abortSignal: signal })
      return withoutMetadata(answer)
    } catch (error) {
      throw serviceError('SQS', error)
    }
  }
}

/** `arn:aws:states:::sns:publish`: a message that is no string is sent as JSON. */
export function publish(aws: AwsContext): TaskHandler {
  return async ({ parameters, signal }) => {
    const input = { ...asObject(parameters), Message: text(asObject(parameters).Message) }
    try {
      const answer = await aws.clients
        .of(SNSClient)
        .send(new PublishCommand(input as unknown as PublishCommandInput), { abortSignal: signal })
      return withoutMetadata(answer)
    } catch (error) {
      throw serviceError('SNS', error)
    }
  }
}

function asObject(parameters: Json): JsonObject {
  return isObject(parameters) ? parameters : {}
}

function text(value: Json | undefined): string | undefined {
  return value === undefined || typeof value === 'string' ? value : JSON.stringify(value)
}

function withoutMetadata(answer: object): Json {
  return Object.fromEntries(Object.entries(answer).filter(([key]) => key !== '$metadata') as [string, Json][])
}
