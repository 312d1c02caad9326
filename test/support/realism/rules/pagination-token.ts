import type { Rule } from '../rule.js'

/** A page can be asked for again for 15 minutes; the emulator forgets a token once it was used. */
export function paginationTokens(): Rule {
  const pages = new Map<string, string>()
  const tokenOf = (params: Record<string, unknown>) =>
    typeof params.PaginationToken === 'string' ? params.PaginationToken : ''
  return {
    name: 'pagination token',
    service: 'tagging',
    actions: ['GetResources'],
    before({ params }) {
      const page = pages.get(tokenOf(params))
      return page === undefined ? undefined : { answer: page }
    },
    after({ params }, body) {
      const token = tokenOf(params)
      if (token !== '') pages.set(token, body)
      return body
    },
  }
}
