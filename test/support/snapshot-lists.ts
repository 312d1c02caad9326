/** A client of an emulator. */
export interface EmulatorConfig {
  endpoint: string
  region: string
  credentials: { accessKeyId: string; secretAccessKey: string }
}

export function count(list: unknown[] | undefined): number {
  return list?.length ?? 0
}

export function names(list: (string | undefined)[] | undefined): string[] {
  return (list ?? []).map((name) => name ?? '').toSorted()
}
