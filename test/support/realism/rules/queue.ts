import { text } from '../request.js'
import type { Rule } from '../rule.js'

/**
 * The name of a deleted queue stays taken for 60 s (spec §9.5). Counted in attempts here: a clock would make the outcome
 * depend on how busy the machine is.
 * @param attempts how many attempts to use it again are refused
 */
export function queueNameCooldown(attempts: number): Rule {
  const left = new Map<string, number>()
  return {
    name: 'queue deleted recently',
    service: 'sqs',
    actions: ['CreateQueue', 'DeleteQueue'],
    before(request) {
      if (request.action === 'DeleteQueue') return undefined
      const name = text(request, 'QueueName')
      const refusals = left.get(name) ?? 0
      if (refusals === 0) return undefined
      left.set(name, refusals - 1)
      return {
        refuse: {
          code: 'QueueDeletedRecently',
          message:
            'You must wait 60 seconds after deleting a queue before you can create another with the same name.',
        },
      }
    },
    after(request, body) {
      if (request.action === 'DeleteQueue')
        left.set(text(request, 'QueueUrl').split('/').at(-1) ?? '', attempts)
      return body
    },
  }
}
