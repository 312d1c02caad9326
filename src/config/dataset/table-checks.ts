import type { Dataset } from '../dataset.js'

type Path = readonly PropertyKey[]
type Report = (path: Path, message: string) => void

/** What the tables of a dataset can contradict in the rest of it. */
export function checkTables(path: Path, dataset: Dataset, report: Report): void {
  const { tables, sql } = dataset
  if (tables === undefined) return
  if (Object.keys(tables).length === 0) report([...path, 'tables'], 'names no table.')
  if (sql !== undefined)
    report([...path, 'sql'], 'and `tables` exclude each other: each table has its own `sql`.')
  for (const key of ['partition', 'key'] as const) {
    if (dataset[key] === undefined) continue
    report([...path, key], 'belongs to each of the `tables`: the dataset has no table of its own.')
  }
}

/** Two datasets would write to one table, each as if it were alone. */
export function checkTableNames(datasets: Record<string, Dataset>, report: Report): void {
  const owners = new Map<string, string>()
  for (const [name, { tables }] of Object.entries(datasets)) {
    for (const table of tables ? Object.keys(tables) : [name]) {
      const owner = owners.get(table)
      if (owner === undefined) owners.set(table, name)
      else {
        const at = tables ? ['datasets', name, 'tables', table] : ['datasets', name]
        report(at, `writes to the table \`${table}\`, and so does \`datasets.${owner}\`.`)
      }
    }
  }
}
