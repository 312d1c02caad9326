import type { CostItem } from '../engine/resource.js'

/** Hours that AWS price examples call a month. */
export const HOURS_PER_MONTH = 730

/** One price: us-east-1, USD, without tax, free tier and discounts. */
export interface Price {
  usd: number
  /** What the price is for: `month`, `hour`, `GB-month`, … */
  per: string
  /** AWS's page for it. */
  source: string
  /** The month in which it was last confirmed. */
  asOf: string
}

/**
 * The prices that datapipe tells, in one place. They are a guide, not an offer: other regions differ by some percent, and
 * prices change: each says when it was last confirmed.
 */
export const PRICES = {
  region: 'us-east-1',
  currency: 'USD',
  items: {
    kmsKey: { usd: 1, per: 'key and month', source: 'https://aws.amazon.com/kms/pricing/', asOf: '2024-07' },
    s3Standard: {
      usd: 0.023,
      per: 'GB-month',
      source: 'https://aws.amazon.com/s3/pricing/',
      asOf: '2024-07',
    },
    ecrStorage: { usd: 0.1, per: 'GB-month', source: 'https://aws.amazon.com/ecr/pricing/', asOf: '2024-07' },
    logsStorage: {
      usd: 0.03,
      per: 'GB-month',
      source: 'https://aws.amazon.com/cloudwatch/pricing/',
      asOf: '2024-07',
    },
    logsIngest: {
      usd: 0.5,
      per: 'GB',
      source: 'https://aws.amazon.com/cloudwatch/pricing/',
      asOf: '2024-07',
    },
    fargateX86Vcpu: {
      usd: 0.04048,
      per: 'vCPU-hour',
      source: 'https://aws.amazon.com/fargate/pricing/',
      asOf: '2026-06',
    },
    fargateX86Memory: {
      usd: 0.004445,
      per: 'GB-hour',
      source: 'https://aws.amazon.com/fargate/pricing/',
      asOf: '2026-06',
    },
    fargateArmVcpu: {
      usd: 0.03238,
      per: 'vCPU-hour',
      source: 'https://aws.amazon.com/fargate/pricing/',
      asOf: '2026-06',
    },
    fargateArmMemory: {
      usd: 0.00356,
      per: 'GB-hour',
      source: 'https://aws.amazon.com/fargate/pricing/',
      asOf: '2026-06',
    },
    stepTransition: {
      usd: 0.000025,
      per: 'transition',
      source: 'https://aws.amazon.com/step-functions/pricing/',
      asOf: '2024-07',
    },
    natGateway: { usd: 0.045, per: 'hour', source: 'https://aws.amazon.com/vpc/pricing/', asOf: '2026-06' },
    natData: {
      usd: 0.045,
      per: 'GB processed',
      source: 'https://aws.amazon.com/vpc/pricing/',
      asOf: '2026-06',
    },
    publicIpv4: {
      usd: 0.005,
      per: 'address and hour',
      source: 'https://aws.amazon.com/vpc/pricing/',
      asOf: '2026-06',
    },
    interfaceEndpoint: {
      usd: 0.01,
      per: 'zone and hour',
      source: 'https://aws.amazon.com/privatelink/pricing/',
      asOf: '2026-06',
    },
    interfaceEndpointData: {
      usd: 0.01,
      per: 'GB processed',
      source: 'https://aws.amazon.com/privatelink/pricing/',
      asOf: '2026-06',
    },
    glueDpuHour: {
      usd: 0.44,
      per: 'DPU-hour',
      source: 'https://aws.amazon.com/glue/pricing/',
      asOf: '2024-07',
    },
    glueFlexDpuHour: {
      usd: 0.29,
      per: 'DPU-hour',
      source: 'https://aws.amazon.com/glue/pricing/',
      asOf: '2024-07',
    },
    alarm: {
      usd: 0.1,
      per: 'alarm and month',
      source: 'https://aws.amazon.com/cloudwatch/pricing/',
      asOf: '2024-07',
    },
    dashboard: {
      usd: 3,
      per: 'dashboard and month after the first three of the account',
      source: 'https://aws.amazon.com/cloudwatch/pricing/',
      asOf: '2024-07',
    },
    athenaScan: {
      usd: 5,
      per: 'TB scanned',
      source: 'https://aws.amazon.com/athena/pricing/',
      asOf: '2023-06',
    },
    datasyncBasic: {
      usd: 0.0125,
      per: 'GB copied',
      source: 'https://aws.amazon.com/datasync/pricing/',
      asOf: '2024-11',
    },
  },
} as const satisfies {
  region: string
  currency: string
  items: Record<string, Price>
}

export type PriceName = keyof (typeof PRICES)['items']

/** What `quantity` units of something cost in an idle month. @param quantity in the price's own unit, hours included */
export function costItem(item: string, price: PriceName, quantity = 1): CostItem {
  return { item, monthlyUsd: PRICES.items[price].usd * quantity }
}

/** What a thing that is billed by the hour costs in a month in which it is never switched off. */
export function hourlyCostItem(item: string, price: PriceName, quantity = 1): CostItem {
  return costItem(item, price, quantity * HOURS_PER_MONTH)
}
