// The transform beside its peers, on the same files, in the same run, turn by turn: only ratios mean anything on a machine
// whose speed drifts. Exit code 1 when a goal is missed.
//
//   npm run bench:transform -- --mb 1000 --pairs 3 [--small-mb 100] [--python] [--write] [--only partitions,expansion]
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { sensorFile, wideFile, type BenchFile } from './transform/files.js'
import { measure, measurePython, pythonFor, type Measured } from './transform/measure.js'
import { tableOf, writeTable, type Line } from './transform/report.js'
import { MEMORY_MB, type Work } from './transform/work.js'

const GOAL = 0.85
const MEMORY_ABOVE_LIMIT_MIB = 512

const { values } = parseArgs({
  options: {
    mb: { type: 'string', default: '1000' },
    'small-mb': { type: 'string', default: '100' },
    pairs: { type: 'string', default: '3' },
    only: { type: 'string' },
    python: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
})
const folder = await mkdtemp(join(tmpdir(), 'datapipe-bench-'))
const lines: Line[] = []
const ratios: string[] = []
const missed: string[] = []
const isWanted = (name: string) => values.only === undefined || values.only.split(',').includes(name)

try {
  const sensor = await sensorFile(folder, Number(values.mb), 'sensor')
  const month = 'start_time'
  if (isWanted('plain')) await compare('plain', sensor, {}, { COPY: {} })
  if (isWanted('partitions'))
    await compare(
      'partitions',
      sensor,
      { month },
      { 'COPY PARTITION_BY': { month }, COPY: {} },
      'COPY PARTITION_BY',
    )
  if (isWanted('expansion'))
    await compare('expansion', sensor, { expand: true }, { 'bare SQL': { expand: true } }, 'bare SQL')
  if (isWanted('expansion-partitions'))
    await compare(
      'expansion-partitions',
      sensor,
      { expand: true, month },
      { 'bare SQL PARTITION_BY': { expand: true, month } },
    )
  if (isWanted('wide')) await compare('wide', await wideFile(folder, Number(values.mb)), {}, { COPY: {} })
  if (isWanted('others')) await others(await sensorFile(folder, Number(values['small-mb']), 'small'))
} finally {
  await rm(folder, { recursive: true, force: true })
}
const table = tableOf(lines, ratios)
console.log(`\n${table}`)
if (values.write) await writeTable(table)
for (const miss of missed) console.error(`Goal missed: ${miss}`)
process.exitCode = missed.length === 0 ? 0 : 1

type Shape = Pick<Work, 'month' | 'expand'>

/** @param goal the peer whose throughput is to be reached */
async function compare(
  name: string,
  { path, megabytes, columns }: BenchFile,
  ours: Shape,
  peers: Record<string, Shape>,
  goal?: string,
): Promise<void> {
  const runs = new Map<string, Measured[]>()
  for (let pair = 0; pair < Number(values.pairs); pair++) {
    const turn: [string, Omit<Work, 'out'>][] = [
      ['datapipe', { peer: 'datapipe', file: path, columns, ...ours }],
      ...Object.entries(peers).map(([peer, shape]): [string, Omit<Work, 'out'>] => [
        peer,
        { peer: 'duckdb', file: path, columns, ...shape },
      ]),
    ]
    for (const [peer, work] of turn) {
      const measured = await measure(folder, work)
      runs.set(peer, [...(runs.get(peer) ?? []), measured])
      console.log(`${name}, ${peer}: ${told(measured)}`)
    }
  }
  const own = runs.get('datapipe') ?? []
  for (const [peer, measured] of runs) lines.push({ case: name, peer, megabytes, ...medians(measured) })
  for (const peer of Object.keys(peers)) {
    const ratioOf = (key: 'seconds' | 'cpu') =>
      median((runs.get(peer) ?? []).map((theirs, pair) => theirs[key] / (own[pair]?.[key] ?? NaN)))
    const text = `${name}: ${ratioOf('seconds').toFixed(2)} of the throughput of ${peer} (${ratioOf('cpu').toFixed(2)} by CPU time)`
    ratios.push(text)
    if (peer === goal && ratioOf('seconds') < GOAL) missed.push(`${text}; the goal is ${GOAL}`)
  }
  const highest = Math.max(...own.map(({ mebibytes }) => mebibytes))
  if (highest > MEMORY_MB + MEMORY_ABOVE_LIMIT_MIB) missed.push(`${name}: ${highest.toFixed(0)} MiB resident`)
}

/** Peers that are too slow, or too large, for the big file. */
async function others({ path, megabytes, columns }: BenchFile): Promise<void> {
  const add = (peer: string, measured: Measured) => {
    console.log(`others, ${peer}: ${told(measured)}`)
    lines.push({ case: 'plain, small file', peer, megabytes, ...measured })
  }
  for (const peer of ['datapipe', 'duckdb', 'parquetjs'] as const)
    add(peer, await measure(folder, { peer, file: path, columns }))
  for (const peer of values.python ? ['pandas', 'polars', 'spark'] : []) {
    const python = await pythonFor(peer, folder)
    if (python === undefined) continue
    const measured = await measurePython(folder, python, peer, path).catch((error: unknown) => {
      console.log(`${peer}: left out, it fails here (${String(error).slice(0, 200)})`)
    })
    if (measured) add(peer, measured)
  }
}

function told({ seconds, cpu, mebibytes }: Measured): string {
  return `${seconds.toFixed(2)} s, ${cpu.toFixed(2)} CPU s, ${mebibytes.toFixed(0)} MiB`
}

function medians(measured: readonly Measured[]): Measured {
  const of = (key: keyof Measured) => median(measured.map((one) => one[key]))
  return {
    seconds: of('seconds'),
    cpu: of('cpu'),
    mebibytes: Math.max(...measured.map((one) => one.mebibytes)),
  }
}

/** Of an even number, the mean of the two in the middle: the upper one alone would flatter a ratio. */
function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  const [lower, upper] = [Math.ceil(sorted.length / 2) - 1, Math.floor(sorted.length / 2)]
  return ((sorted[lower] ?? NaN) + (sorted[upper] ?? NaN)) / 2
}
