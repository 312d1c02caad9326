/** Longest pause in a conversation with AWS; its services answer within seconds, large bodies flow without pauses. */
const SILENCE_MS = 120_000
const CONNECT_MS = 15_000

/**
 * What the clients of a task are made with. A connection that says nothing any more is given up and the request sent again:
 * without that, a task whose answer was lost would wait until its time limit, at a price.
 */
export function clientSettings(silenceMs = SILENCE_MS) {
  return {
    maxAttempts: 5,
    requestHandler: { connectionTimeout: CONNECT_MS, socketTimeout: silenceMs },
  }
}
