import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Place, Preparation } from '../../support/kill/scenario.js'

const CONFIG = `
project: kill
datasets:
  temperature:
    match: "*measurement_data.csv"
    format: { timezone: Europe/Stockholm }
    columns: { start_time: timestamp, end_time: timestamp, measurement: double, samples: integer }
    timeseries: { start: start_time, end: end_time, samples: samples }
    partition: day(start_time)
    rejects: { max: 25% }
  meters:
    match: "meters*.csv"
    columns: { id: integer, place: string }
    key: [id]
`
export const SENSOR_FILE = '20230703_measurement_data.csv'
const SENSOR_ROWS = `start_time,end_time,measurement,samples
2023-06-26 21:05:00.474245,2023-06-26 21:05:39.474245,10.855276688682668,10
2023-06-27 01:00:00.000000,2023-06-27 01:00:08.000000,11.5,4
2023-06-27 02:00:00.000000,2023-06-27 02:00:08.000000,11.25,4
2023-06-27 03:00:00.000000,2023-06-27 03:00:08.000000,11.25,4
garbage,x,y,z
`
export const METERS = ['meters_1.csv', 'meters_2.csv'] as const

/** A command that must succeed for a scenario to make sense. */
export async function must(place: Place, ...args: string[]): Promise<string> {
  const { code, stderr, stdout } = await place.run(...args)
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${String(code)}:\n${stderr}`)
  return stdout
}

async function writeFiles({ folder }: Place): Promise<void> {
  const files = {
    'datapipe.yaml': CONFIG,
    [SENSOR_FILE]: SENSOR_ROWS,
    [METERS[0]]: 'id,place\n1,north\n2,south\n',
    [METERS[1]]: 'id,place\n2,west\n3,east\n',
  }
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
}

/** A configuration with two datasets, one of which merges, and files for them on the user's disk. */
export const FILES: Preparation = { make: writeFiles }

/** An environment that is up, and files that wait on the user's disk. */
export const READY: Preparation = {
  after: FILES,
  make: async (place) => {
    await must(place, 'up', '--env', 'dev')
  },
}

/** With one file loaded, and two that have been uploaded since, one of them for the table that it is in. */
export const PENDING: Preparation = {
  after: READY,
  make: async (place) => {
    await must(place, 'upload', METERS[0], '--env', 'dev')
    await must(place, 'run', '--env', 'dev')
    await must(place, 'upload', METERS[1], SENSOR_FILE, '--env', 'dev')
  },
}
