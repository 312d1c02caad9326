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

/**
 * A catalog type as DuckDB names it, nested ones too.
 * @param names field to its name in the data, where that differs
 */
export function nestedType(hiveType: string, names: Readonly<Record<string, string>>): string {
  const type = hiveType.trim()
  const inner = (prefix: string) => type.slice(prefix.length + 1, -1)
  if (/^array<.*>$/i.test(type)) return `${nestedType(inner('array'), names)}[]`
  if (/^map<.*>$/i.test(type)) {
    const [key = 'string', value = 'string'] = parts(inner('map'))
    return `MAP(${nestedType(key, names)}, ${nestedType(value, names)})`
  }
  if (!/^struct<.*>$/i.test(type)) return duckdbType(type) ?? 'VARCHAR'
  const fields = parts(inner('struct')).map((field) => {
    const colon = field.indexOf(':')
    const name = field.slice(0, colon).trim()
    return `"${(ownName(names, name) ?? name).replaceAll('"', '""')}" ${nestedType(field.slice(colon + 1), names)}`
  })
  return `STRUCT(${fields.join(', ')})`
}

/** Splits at the commas that are not within brackets. */
function parts(text: string): string[] {
  const found: string[] = ['']
  let depth = 0
  for (const character of text) {
    if (character === '<' || character === '(') depth += 1
    if (character === '>' || character === ')') depth -= 1
    if (character === ',' && depth === 0) found.push('')
    else found[found.length - 1] += character
  }
  return found
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

/** What a field is called in the data, where a table says so. */
export function ownName(names: Readonly<Record<string, string>>, field: string): string | undefined {
  return Object.hasOwn(names, field) ? names[field] : undefined
}
