import { createHash } from 'node:crypto'
import type { Tags } from '../../aws/tags.js'

/** Begins the key of such a tag; the digest of the address follows. */
export const SUBSCRIBER_TAG = 'datapipe:subscriber/'

/**
 * Subscriptions have no tags, so the topic carries one for each address that datapipe subscribed: only those may be
 * removed again. The address itself stays out of it: tags are read by more people than subscriptions.
 */
export function subscriberTag(email: string): string {
  return `${SUBSCRIBER_TAG}${subscriberDigest(email)}`
}

/** Of an address, whatever its case. */
export function subscriberDigest(email: string): string {
  return createHash('sha256').update(email.toLowerCase()).digest('hex').slice(0, 16)
}

/** Digests of the addresses that a topic's tags speak of. */
export function markedSubscribers(tags: Tags): string[] {
  return Object.keys(tags)
    .filter((key) => key.startsWith(SUBSCRIBER_TAG))
    .map((key) => key.slice(SUBSCRIBER_TAG.length))
}
