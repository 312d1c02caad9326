import { Chance } from './chance.js'

/** What environments differ by, as it is written in datapipe.yaml. */
const VARIANTS: Readonly<Record<string, string>> = {
  default: '',
  logs: 'compute: { logRetentionDays: 90, spot: true }',
  alarms: 'monitoring: { alarms: true, dashboard: true }\nnotify: { email: [ops@example.com] }',
  sweep: 'schedule: { cron: "0 6 1 * ? *", timezone: Europe/Stockholm }\nbackfill: true',
  nat: 'network: { egress: nat }',
  endpoints: 'network: { egress: endpoints }',
  zones: 'network: { zones: 3, networkAcls: true }',
  flows: 'network: { flowLogs: s3 }',
  moved: 'network: { cidr: 10.77.0.0/16 }',
  notify: 'notify: { email: [ops@example.com], onSuccess: true }',
  spark: 'spark: { enabled: true }',
  crawler: 'catalog: { crawler: schedule }',
}

const DATASETS = 'datasets: { readings: { match: "*.csv", columns: { id: integer, value: double } } }'

export interface File {
  name: string
  /** The ids of its rows: no two files of a run share one. */
  ids: number[]
}

/** What one run does, all of it chosen by its seed. */
export interface Scenario {
  /** Names of the configurations at first and after the change. */
  variants: [string, string]
  files: File[]
  /** Another version of the first file, uploaded when all were loaded. */
  corrected?: File
}

export function scenarioOf(seed: number): Scenario {
  const chance = new Chance(seed)
  const names = Object.keys(VARIANTS)
  const first = chance.of('starts plain') < 0.6 ? 'default' : chance.pick('first', names)
  const second = chance.pick(
    'second',
    names.filter((name) => name !== first),
  )
  const files = Array.from({ length: chance.whole('files', 1, 3) }, (_, number) => ({
    name: `readings-${number + 1}.csv`,
    ids: ids(number * 1000, chance.whole(`rows ${number}`, 1, 300)),
  }))
  const corrected = { name: 'readings-1.csv', ids: ids(500, chance.whole('corrected rows', 1, 300)) }
  return { variants: [first, second], files, ...(chance.of('corrected') < 0.4 ? { corrected } : {}) }
}

/** The text of the datapipe.yaml of a variant. */
export function configOf(variant: string): string {
  return `project: weather\n${VARIANTS[variant] ?? ''}\n${DATASETS}\n`
}

export function contentOf({ ids: all }: File): string {
  return ['id,value', ...all.map((id) => `${id},${id / 4}`)].join('\n') + '\n'
}

function ids(after: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => after + index + 1)
}
