const SIMPLE: Record<string, string> = {
  string: 'VARCHAR',
  boolean: 'BOOLEAN',
  tinyint: 'TINYINT',
  smallint: 'SMALLINT',
  int: 'INTEGER',
  integer: 'INTEGER',
  bigint: 'BIGINT',
  float: 'FLOAT',
  double: 'DOUBLE',
  date: 'DATE',
  timestamp: 'TIMESTAMP',
  binary: 'BLOB',
}

/** A catalog type as DuckDB names it; undefined for nested and unknown ones, which keep the type they have in the file. */
export function duckdbType(hiveType: string): string | undefined {
  const type = hiveType.trim().toLowerCase()
  const simple = SIMPLE[type]
  if (simple !== undefined) return simple
  if (/^(varchar|char)\(\d+\)$/.test(type)) return 'VARCHAR'
  const decimal = /^decimal\((\d+),\s*(\d+)\)$/.exec(type)
  if (decimal !== null) return `DECIMAL(${decimal[1]},${decimal[2]})`
  return type === 'decimal' ? 'DECIMAL(10,0)' : undefined
}
