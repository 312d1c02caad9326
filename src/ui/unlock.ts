import type { LeaseInfo } from '../engine/lease-terms.js'
import { renderTable } from './table.js'

/** Who holds a lease. */
export function renderLease({ acquiredAt, expiresAt, holder, id }: LeaseInfo): string {
  return renderTable(
    ['LEASE', 'USER', 'HOST', 'PROCESS', 'COMMAND', 'SINCE', 'UNTIL'],
    [[id, holder.user, holder.host, holder.pid, holder.command, acquiredAt, expiresAt]],
  )
}
