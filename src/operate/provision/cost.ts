import type { CostItem, Resource } from '../../engine/resource.js'

/** What an environment costs in a month in which nothing runs. */
export interface IdleCost {
  idleMonthlyUsd: number
  items: CostItem[]
}

/** @param resources those that exist, or will */
export function idleCost(resources: readonly Resource[]): IdleCost {
  const items = resources.flatMap((resource) => resource.cost()).filter((item) => item.monthlyUsd > 0)
  const sum = items.reduce((total, item) => total + item.monthlyUsd, 0)
  return { idleMonthlyUsd: Math.round(sum * 100) / 100, items }
}
