/** Whether a type takes every value of another type, and readers of the table take its files for it. */
export function widens(from: string, to: string): boolean {
  if (/^int(eger)?$/.test(from)) return to === 'bigint'
  if (isSameType(from, to)) return false
  const [old, wider] = [decimalOf(from), decimalOf(to)]
  if (old === undefined || wider === undefined) return false
  return wider.scale >= old.scale && wider.precision - wider.scale >= old.precision - old.scale
}

/** Whether two texts mean the same type: `decimal(9, 2)` is `decimal(9,2)`. */
export function isSameType(one: string, other: string): boolean {
  return one.replace(/\s/g, '') === other.replace(/\s/g, '')
}

function decimalOf(type: string): { precision: number; scale: number } | undefined {
  const [, precision, scale] = /^decimal\((\d+),\s?(\d+)\)$/.exec(type) ?? []
  return precision === undefined ? undefined : { precision: Number(precision), scale: Number(scale) }
}
