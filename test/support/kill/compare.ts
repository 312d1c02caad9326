/** What can be seen of a place. */
export interface Seen {
  emulator: string[]
  folder: string[]
  outcome: unknown
}

const LONGEST = 1000

/** What is there and should not be, and the other way round; each thing as often as it is there. */
export function compare(expected: Seen, seen: Seen): string[] {
  const [wanted, found] = [expected, seen].map(({ outcome }) => JSON.stringify(outcome))
  return [
    ...differences(expected.emulator, seen.emulator),
    ...differences(expected.folder, seen.folder),
    ...(wanted === found ? [] : [`outcome: ${String(found)} instead of ${String(wanted)}`]),
  ]
}

function differences(expected: readonly string[], seen: readonly string[]): string[] {
  return [
    ...without(seen, expected).map((line) => `too much: ${line.slice(0, LONGEST)}`),
    ...without(expected, seen).map((line) => `missing: ${line.slice(0, LONGEST)}`),
  ]
}

function without(lines: readonly string[], others: readonly string[]): string[] {
  const left = [...others]
  return lines.filter((line) => {
    const index = left.indexOf(line)
    if (index >= 0) left.splice(index, 1)
    return index < 0
  })
}
