import type { ConfigFile } from './schema.js'
import type { Dataset } from './dataset.js'
import { columnConfig } from './dataset/columns.js'
import { checkTableNames, checkTables } from './dataset/table-checks.js'
import { checkRules } from './dataset/rules.js'
import { checkFormat } from './dataset/format-checks.js'
import { checkDatasync, type DatasyncFile } from './datasync.js'
import { nearestWord } from './nearest.js'
import { dotted, type ConfigProblem } from './problem.js'
import type { ConfigSource } from './source.js'

type Path = readonly PropertyKey[]
type Report = (path: Path, message: string) => void

/** What no schema of a single value can see: references between keys, and values that AWS would quietly change. */
export function crossCheck(file: ConfigFile, source: ConfigSource): ConfigProblem[] {
  const problems: ConfigProblem[] = []
  const report: Report = (path, message) => {
    const text = `\`${dotted(path)}\` ${message}`
    problems.push({
      code: 'CONFIG_INVALID',
      path: dotted(path),
      message: text,
      ...source.locate(path, 'value'),
    })
  }
  for (const [name, dataset] of Object.entries(file.datasets))
    checkDataset(['datasets', name], dataset, report)
  checkMatches(file.datasets, report)
  checkTableNames(file.datasets, report)
  checkCidr(['network', 'cidr'], file.network?.cidr, report)
  const checkIngestion = (at: Path, datasync: DatasyncFile | undefined) => {
    if (datasync !== undefined)
      checkDatasync(datasync, (path, message) => {
        report([...at, ...path], message)
      })
  }
  checkIngestion(['datasync'], file.datasync)
  for (const [name, environment] of Object.entries(file.environments)) {
    checkCidr(['environments', name, 'network', 'cidr'], environment.network?.cidr, report)
    checkIngestion(['environments', name, 'datasync'], environment.datasync)
  }
  return problems
}

function checkDataset(path: Path, dataset: Dataset, report: Report): void {
  const { columns, format, partition, timeseries } = dataset
  checkFormat(dataset, (at, message) => {
    report([...path, ...at], message)
  })
  if (!isTimeZone(format.timezone)) {
    report(
      [...path, 'format', 'timezone'],
      `must be an IANA time zone such as Europe/Stockholm; found "${format.timezone}".`,
    )
  }
  checkKey(path, dataset, report)
  checkTables(path, dataset, report)
  checkRules(path, dataset, report)
  for (const [name, table] of Object.entries(dataset.tables ?? {}))
    checkKey([...path, 'tables', name], table, report)
  if (columns === undefined) return
  const need = (at: Path, column: string, types: RegExp | undefined, wanted: string) => {
    const declared = Object.hasOwn(columns, column) ? columns[column] : undefined
    const type = declared === undefined ? undefined : columnConfig(declared).type
    if (type === undefined) {
      const near = nearestWord(column, Object.keys(columns))
      const guess = near === undefined ? '' : ` Did you mean \`${near}\`?`
      report(
        at,
        `names the column \`${column}\`, which \`${dotted([...path, 'columns'])}\` does not declare.${guess}`,
      )
    } else if (types !== undefined && !types.test(type)) {
      report(at, `needs ${wanted}; the column \`${column}\` is ${type}.`)
    }
  }
  if (timeseries !== undefined) {
    const at = [...path, 'timeseries']
    need([...at, 'start'], timeseries.start, TIME, 'a timestamp')
    need([...at, 'end'], timeseries.end, TIME, 'a timestamp')
    need([...at, 'samples'], timeseries.samples, WHOLE, 'a whole number')
  }
  // Partition and key of a query are about its result.
  if (dataset.sql !== undefined || dataset.tables !== undefined) return
  const [, part, inner] = /^(?:(year|month|day)\(([^()]+)\))$/.exec(partition ?? '') ?? []
  if (part !== undefined && inner !== undefined) {
    need([...path, 'partition'], inner.trim(), TIME_OR_DATE, 'a date or a timestamp')
  } else if (partition !== undefined) {
    need([...path, 'partition'], partition, undefined, '')
  }
  for (const [index, column] of (dataset.key ?? []).entries())
    need([...path, 'key', index], column, undefined, '')
}

/** Rows with one key must meet in one partition, or neither could take the place of the other. */
function checkKey(path: Path, { key, partition }: Pick<Dataset, 'key' | 'partition'>, report: Report): void {
  if (key === undefined || partition === undefined) return
  const column = (/^(?:year|month|day)\(([^()]+)\)$/.exec(partition)?.[1] ?? partition).trim()
  if (key.some((name) => name.trim().toLowerCase() === column.toLowerCase())) return
  report(
    [...path, 'key'],
    `must contain the column of \`partition\`, \`${column}\`: rows with the same key have to be in the same partition.`,
  )
}

const TIME = /^timestamp(tz)?$/
const TIME_OR_DATE = /^(date|timestamp|timestamptz)$/
const WHOLE = /^(integer|bigint)$/

/** Two datasets with the same pattern: nobody could say which one a file belongs to. */
function checkMatches(datasets: ConfigFile['datasets'], report: Report): void {
  const owners = new Map<string, string>()
  for (const [name, { match }] of Object.entries(datasets)) {
    if (match === undefined) continue
    const owner = owners.get(match)
    if (owner === undefined) owners.set(match, name)
    else
      report(
        ['datasets', name, 'match'],
        `is the same as that of \`datasets.${owner}\`: a file can belong to one dataset only.`,
      )
  }
}

/** EC2 zeroes the host bits of a block by itself, and every later plan would then see a difference. */
function checkCidr(path: Path, cidr: string | undefined, report: Report): void {
  if (cidr === undefined) return
  const [address = '', bits = ''] = cidr.split('/')
  const octets = address.split('.').map(Number)
  if (octets.some((octet) => octet > 255)) {
    report(path, `is no IPv4 block: ${address} has a part above 255.`)
    return
  }
  const size = 2 ** (32 - Number(bits))
  const value = octets.reduce((sum, octet) => sum * 256 + octet, 0)
  if (value % size === 0) return
  const base = value - (value % size)
  const start = [24, 16, 8, 0].map((shift) => Math.floor(base / 2 ** shift) % 256).join('.')
  report(path, `does not start at a /${bits} boundary; the block is ${start}/${bits}.`)
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}
