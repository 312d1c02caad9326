// What is known about the versions that are used, as the registry tells it, and what of it was accepted.

const SEVERE = new Set(['high', 'critical'])
/** Days: nothing is accepted for longer without somebody looking again. */
const LONGEST_EXCEPTION = 180
const DAY_MS = 86_400_000

/** What `npm audit --json` printed, or undefined when it holds no answer. */
export function readReport(text) {
  try {
    const report = JSON.parse(text)
    return typeof report.vulnerabilities === 'object' && report.auditReportVersion === 2 ? report : undefined
  } catch {
    return undefined
  }
}

/** Every advisory that is severe enough, once. */
export function advisoriesOf(report) {
  const found = new Map()
  for (const { via } of Object.values(report.vulnerabilities)) {
    for (const advisory of via) {
      // A text names another package of the report.
      if (typeof advisory === 'string' || !SEVERE.has(advisory.severity)) continue
      const id = /GHSA-[\w-]+/.exec(advisory.url ?? '')?.[0] ?? String(advisory.source)
      found.set(id, { id, package: advisory.name, severity: advisory.severity, title: advisory.title })
    }
  }
  return [...found.values()]
}

/** @returns what is wrong, one sentence each */
export function advisoryProblems(advisories, exceptions, now = new Date()) {
  const today = now.toISOString().slice(0, 10)
  const latest = new Date(now.getTime() + LONGEST_EXCEPTION * DAY_MS).toISOString().slice(0, 10)
  const problems = []
  const accepted = new Set()
  for (const { advisory, reason, until } of exceptions) {
    const says = (what) => problems.push(`scripts/audit/exceptions.json: ${advisory} ${what}.`)
    if (typeof reason !== 'string' || reason.trim().length < 20) says('says no reason')
    else if (!/^\d{4}-\d{2}-\d{2}$/.test(until ?? '')) says('has no date until when it is accepted')
    else if (until > latest) says(`is accepted until ${until}, longer than ${LONGEST_EXCEPTION} days`)
    else if (until < today) says(`was accepted until ${until}`)
    else if (!advisories.some(({ id }) => id === advisory)) says('is about nothing that is used; remove it')
    else accepted.add(advisory)
  }
  for (const { id, package: name, severity, title } of advisories) {
    if (!accepted.has(id)) problems.push(`${name}: ${title} (${id}, ${severity}).`)
  }
  return problems
}
