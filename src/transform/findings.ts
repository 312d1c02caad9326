import type { Dataset } from '../config/dataset.js'
import { checkMessage, type CheckResult } from './checks/result.js'
import { assertChecks, evaluateChecks } from './checks/evaluate.js'
import type { Contract } from './contract/contract.js'
import { driftMessage, fileDrift, type Drift } from './contract/drift.js'
import { differingColumns } from './contract/misfits.js'
import type { Database } from './database.js'
import type { LoadedInput } from './load.js'
import type { TransformEvent } from './types.js'

interface Options {
  config: Dataset
  dataset: string
  /** What messages call the file. */
  file: string
  /** Undefined: the file makes the contract. */
  contract: Contract | undefined
  onEvent?: (event: TransformEvent) => void
}

/** What a file is like beside its rows: how it differs from its table, and what the checks of its dataset say. */
export class Findings {
  readonly drift: Drift[] = []
  checks: CheckResult[] = []

  constructor(private readonly options: Options) {
    this.tell(options.contract?.drift ?? [])
  }

  /** Looks at rows that were read. */
  async ofRows(database: Database, loaded: readonly LoadedInput[], modifiedAt: Date): Promise<void> {
    const { config, contract, file } = this.options
    for (const { rows } of loaded) this.tell(fileDrift(rows.columns, contract?.columns ?? [], file))
    const [only] = loaded
    if (only === undefined || config.checks.length === 0) return
    const modifiedMs = modifiedAt.getTime()
    this.checks = await evaluateChecks({ ...this.options, database, rows: only.rows, modifiedMs })
  }

  /** Looks for the reason of too many rejected rows. */
  async ofRejects(database: Database, loaded: readonly LoadedInput[]): Promise<void> {
    const { config, file } = this.options
    for (const { rows } of loaded) this.tell(await differingColumns(database, rows, config.format, file))
  }

  /**
   * Warns of the checks that only warn.
   * @throws DataError CHECK_FAILED when another one does not hold
   */
  assertChecks(): void {
    assertChecks(this.checks, this.options)
    for (const check of this.checks) {
      if (check.passed || check.severity !== 'warn') continue
      const message = `The check ${checkMessage(check)}.`
      this.options.onEvent?.({ type: 'warning', code: 'CHECK_FAILED', message })
    }
  }

  private tell(found: readonly Drift[]): void {
    this.drift.push(...found)
    for (const each of found) {
      const message = driftMessage(each, this.options.dataset)
      this.options.onEvent?.({ type: 'warning', code: 'SCHEMA_DRIFT', message })
    }
  }
}
