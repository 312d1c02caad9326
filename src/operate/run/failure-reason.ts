import type { Execution } from '../orchestrator.js'

interface TaskReport {
  StoppedReason?: string
  Containers?: { ExitCode?: number; Reason?: string }[]
}

/** Why an execution did not end well, in one line: from the report of its task where the cause is one. */
export function failureReason({ cause, error, status }: Execution): string {
  const details = cause === undefined ? undefined : (taskFailure(cause) ?? firstLine(cause))
  if (status === 'TIMED_OUT') return 'It took longer than allowed.'
  if (status === 'ABORTED') return details ?? 'It was stopped.'
  const parts = [error, details].filter((part) => part !== undefined && part !== '')
  return parts.length === 0 ? 'It failed without a reason.' : parts.join(': ')
}

/** What ECS says about a stopped task; undefined for any other text. */
function taskFailure(cause: string): string | undefined {
  const report = parse(cause)
  if (report?.Containers === undefined) return undefined
  const container = report.Containers.find(({ ExitCode: code }) => code !== 0) ?? report.Containers[0]
  const parts = [
    container?.ExitCode === undefined ? undefined : `the task ended with exit code ${container.ExitCode}`,
    container?.Reason,
    report.StoppedReason,
  ].filter((part) => part !== undefined && part !== '')
  return parts.length === 0 ? undefined : parts.join('; ')
}

function parse(text: string): TaskReport | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}

function firstLine(text: string): string {
  const [line = ''] = text.trim().split('\n')
  return line.length > 300 ? `${line.slice(0, 299)}…` : line
}
