/** How many cases a property is tried with: few in the suite, as many as FC_RUNS says where there is time. */
export function fcRuns(few: number): number {
  return Number(process.env.FC_RUNS ?? few)
}
