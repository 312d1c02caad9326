const SECRET_VARIABLES = ['AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_SECURITY_TOKEN']

/** Shorter values are no real secrets and would blank out ordinary words. */
const SHORTEST_SECRET = 12

const SIGNED_QUERY = /(X-Amz-(?:Security-Token|Signature|Credential)=)[^&\s"']+/gi

/** Text without the secrets of this process's environment and without the signatures of presigned addresses. */
export function redact(text: string, env: NodeJS.ProcessEnv = process.env): string {
  let safe = text.replace(SIGNED_QUERY, '$1[hidden]')
  for (const name of SECRET_VARIABLES) {
    const secret = env[name]
    if (secret !== undefined && secret.length >= SHORTEST_SECRET) {
      safe = safe.replaceAll(secret, '[hidden]').replaceAll(encodeURIComponent(secret), '[hidden]')
    }
  }
  return safe
}
