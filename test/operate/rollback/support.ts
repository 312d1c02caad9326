import type { CompactResult } from '../../../src/operate/compact/compact.js'
import { compact } from '../../../src/operate/compact/compact.js'
import { inWorkshop } from '../../../src/operate/lake.js'
import { planRollback, type RollbackPlan } from '../../../src/operate/rollback/plan.js'
import { rollback, type RollbackResult } from '../../../src/operate/rollback/rollback.js'
import type { RunRecord } from '../../../src/transform/record.js'
import { TestLake, type LoadRequest } from '../../transform/merge/support.js'
import { signal } from '../support.js'

export const MERGED = {
  columns: { day: 'date', id: 'integer', value: 'string' },
  partition: 'day',
  key: ['day', 'id'],
}
export const APPENDED = { ...MERGED, key: undefined }
/** Both ways of writing, by what they are called. */
export const KINDS = [
  ['merged', MERGED],
  ['appended', APPENDED],
] as const
export const DAY = '2026-01-01'
export const NEXT = '2026-01-02'

export function csv(...rows: string[]): string {
  return `day,id,value\n${rows.map((row) => `${row}\n`).join('')}`
}

/** The dataset `orders` of a lake: loaded, rolled back, compacted. */
export class Orders {
  constructor(readonly lake: TestLake) {}

  static async start(): Promise<Orders> {
    return new Orders(await TestLake.start())
  }

  /** Every row as `id value`, sorted. */
  async table(): Promise<string[]> {
    return (await this.lake.read('orders')).map(({ id, value }) => `${String(id)} ${String(value)}`).sort()
  }

  async load(name: string, ...rows: string[]): Promise<{ request: LoadRequest; record: RunRecord }> {
    await this.lake.nextSecond()
    const request = await this.lake.upload('orders', name, csv(...rows))
    return { request, record: await this.lake.load(request) }
  }

  plan(to?: string): Promise<RollbackPlan> {
    return planRollback(this.lake.aws, 'orders', to, signal)
  }

  /** Carries a plan out, by a process of its own. */
  roll(plan: RollbackPlan, clients = this.lake.more()): Promise<RollbackResult> {
    return inWorkshop(signal, (workshop) => rollback(this.lake.lake(clients), plan, workshop)).finally(() => {
      for (const client of clients) client.destroy()
    })
  }

  async back(to?: string): Promise<RollbackResult> {
    return this.roll(await this.plan(to))
  }

  compact(): Promise<CompactResult> {
    const request = { dataset: 'orders', tables: ['orders'], olderThanMs: 0, dryRun: false }
    return inWorkshop(signal, (workshop) => compact(this.lake.lake(), request, workshop))
  }
}
