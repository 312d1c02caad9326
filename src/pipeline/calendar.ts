/** The first year of the table of days. */
export const FIRST_YEAR = 2024
const LAST_YEAR = 2099
const DAY_MS = 86_400_000

/**
 * Days from the start of the table to the first of each month: one row per year, one number per month. JSONPath state
 * machines cannot calculate with dates; with this table they can look a day up and add.
 */
export function daysBeforeMonths(): number[][] {
  const years = Array.from({ length: LAST_YEAR - FIRST_YEAR + 1 }, (_, i) => FIRST_YEAR + i)
  return years.map((year) =>
    Array.from({ length: 12 }, (_, month) => (Date.UTC(year, month) - Date.UTC(FIRST_YEAR, 0)) / DAY_MS),
  )
}

/**
 * The number of the day that a time falls on, as parameters of two Pass states in a row: `parts` of the ISO time at `path`,
 * and `day` from what `parts` left at `$.date`, with the table at `$.calendar`.
 */
export function dateParts(path: string): Record<string, string> {
  const part = (index: number) => `States.ArrayGetItem(States.StringSplit(${path}, '-T'), ${index})`
  // The 1 in front: `08` is no number to JSON.
  const number = (index: number, offset: number) =>
    `States.MathAdd(States.StringToJson(States.Format('1{}', ${part(index)})), ${-offset})`
  return {
    'time.$': path,
    'year.$': number(0, 10_000 + FIRST_YEAR),
    'month.$': number(1, 101),
    'day.$': number(2, 100),
  }
}

/** The day's number, from what `dateParts` left at `at`. */
export function dayNumber(at: string, calendar: string): string {
  return `States.MathAdd(States.ArrayGetItem(States.ArrayGetItem(${calendar}, ${at}.year), ${at}.month), ${at}.day)`
}
