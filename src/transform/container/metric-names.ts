/** The task's role may publish into this namespace only (spec §6.2). */
export const METRIC_NAMESPACE = 'datapipe'
export const REJECTED_METRIC = 'RowsRejected'

/** Value of the dimension `Environment`: two projects of one account may have environments of the same name. */
export function environmentDimension(project: string, env: string): string {
  return `${project}/${env}`
}
