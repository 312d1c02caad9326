import type { Tags } from '../../../src/aws/tags.js'
import { upperTags } from '../../../src/aws/tags.js'

export const ACCOUNT = '111122223333'

export function arn(kind: 'agent' | 'location' | 'task', serial: number): string {
  const prefix = kind === 'location' ? 'loc' : kind
  return `arn:aws:datasync:us-east-1:${ACCOUNT}:${kind}/${prefix}-${String(serial).padStart(17, '0')}`
}

/** What DataSync says about everything that is the client's fault. */
export function invalidRequest(message: string): Error {
  return Object.assign(new Error(message), { name: 'InvalidRequestException' })
}

export function tagPage(tags: Tags) {
  return { Tags: upperTags(tags) }
}
