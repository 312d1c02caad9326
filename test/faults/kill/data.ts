import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Place, Preparation, Scenario } from '../../support/kill/scenario.js'
import { FILES, METERS, must, PENDING, READY, SENSOR_FILE } from './prepare.js'

const LARGE = 'large_measurement_data.csv'
const MIB = 2 ** 20

/** A file that goes in three parts, beside two small ones. */
const WITH_LARGE_FILE: Preparation = {
  after: READY,
  make: async (place) => {
    const line = '2023-06-26 21:05:00.474245,2023-06-26 21:05:39.474245,10.855276688682668,10\n'
    await writeFile(join(place.folder, LARGE), line.repeat(Math.ceil((17 * MIB) / line.length)))
  },
}

type Rows = unknown[][]

async function query(place: Place, sql: string): Promise<Rows | undefined> {
  const { code, stdout } = await place.run('query', sql, '--env', 'dev', '--json')
  if (code !== 0) return undefined
  return (JSON.parse(stdout) as { result: { rows: Rows } }).result.rows
}

const METERS_ROWS = 'select cast(id as varchar) as a, place as b, null as c from meters'
const TEMPERATURE_ROWS =
  'select cast(start_time as varchar), cast(end_time as varchar), measurement from temperature'

const METERS_BEFORE = [
  ['1', 'north', null],
  ['2', 'south', null],
]
const METERS_AFTER = [
  ['1', 'north', null],
  ['2', 'west', null],
  ['3', 'east', null],
]

/** Readers see the table as it was or as it will be. Of a table that is not there yet they see nothing. */
async function wholeTables(place: Place): Promise<string[]> {
  const seen = JSON.stringify(await query(place, `${METERS_ROWS} order by a`))
  return [METERS_BEFORE, METERS_AFTER].some((each) => JSON.stringify(each) === seen)
    ? []
    : [`meters shows ${seen}`]
}

const run: Scenario = {
  name: 'run',
  prepared: PENDING,
  command: ['run', '--env', 'dev'],
  invariant: wholeTables,
  outcome: (place) => query(place, `${METERS_ROWS} union all ${TEMPERATURE_ROWS} order by a, b`),
  passing: [
    // Which executions there were is history: one that was killed stays there, as aborted.
    /^s3\/objects \S+\/executions\//,
    /^\.cache\/local\/logs\//,
    // What a killed run was going to switch: the next one has finished it, and it goes with a load of a later day.
    /^s3\/(objects|deleted) \S+\/datapipe_pending\//,
    // Of the queries that look at the tables.
    /^\.cache\/query\//,
  ],
  sample: 1,
}

/** Data on its way: sent, loaded, and turned into Parquet on this machine. */
export const DATA: Scenario[] = [
  {
    name: 'upload',
    prepared: WITH_LARGE_FILE,
    command: ['upload', ...METERS, SENSOR_FILE, LARGE, '--env', 'dev'],
    sample: 2,
  },
  run,
  { ...run, name: 'run, killed with its worker', victim: 'all' },
  { ...run, name: 'run, whose worker alone is killed', victim: 'children' },
  {
    name: 'transform',
    prepared: FILES,
    command: ['transform', SENSOR_FILE, ...METERS, '--out', 'out'],
    by: 'steps',
    sample: 2,
  },
  {
    name: 'transform over what is there',
    prepared: {
      after: FILES,
      make: async (place) => {
        await must(place, 'transform', METERS[0], SENSOR_FILE, '--out', 'out')
      },
    },
    command: ['transform', SENSOR_FILE, METERS[1], '--out', 'out'],
    by: 'steps',
    sample: 2,
  },
]
