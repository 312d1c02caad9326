/** What stands in the place of a secret. */
export const HIDDEN = '[hidden]'

/** Shorter values are no real secrets and would blank out ordinary words. */
const SHORTEST_SECRET = 12

/** Variables that hold a secret itself, whoever reads them; one that ends in FILE, PATH, URL or the like says where it is. */
const SECRET_VARIABLE =
  /(SECRET|TOKEN|PASSWORD|PASSWD|PASSPHRASE|CREDENTIAL|ACCESS_?KEY|API_?KEY|PRIVATE_?KEY)/i
const PLACE_VARIABLE = /_(FILE|PATH|DIR|FOLDER|URL|URI|ENDPOINT|ARN|NAME|EXPIRATION|PROVIDER)$/i
/** Variables with addresses, in which a password can stand: proxies, package indexes, endpoints. */
const ADDRESS_VARIABLE = /(_PROXY|_URL|_URI|REGISTRY)$/i

const remembered = new Set<string>()

/** Makes sure that a value which this process came by is never printed. Short ones are ignored: they are none. */
export function rememberSecret(value: string | undefined): void {
  if (value !== undefined && value.length >= SHORTEST_SECRET) remembered.add(value)
}

/**
 * Text without the secrets that this process knows (its environment, and what was remembered), however they are written,
 * and without the signatures of presigned addresses. For data: nothing else is touched.
 */
export function redactKnown(text: string, env: NodeJS.ProcessEnv = process.env): string {
  const known = knownPattern(env)
  const safe = text.replace(SIGNED_QUERY, `$1${HIDDEN}`)
  return known === undefined ? safe : safe.replace(known, HIDDEN)
}

/** As `redactKnown`, and without whatever looks like a secret. For everything that is no data: progress, errors, logs. */
export function redact(text: string, env: NodeJS.ProcessEnv = process.env): string {
  let safe = redactKnown(text, env)
  for (const [pattern, replacement] of SHAPES) safe = safe.replace(pattern, replacement)
  return safe
}

const SIGNED_QUERY = /(X-Amz-(?:Security-Token|Signature|Credential)(?:=|%3D))[^&\s"'\\]+/gi

/** How secrets look that this process does not know, in texts that others wrote. Replaced, they leave JSON what it was. */
const SHAPES: readonly (readonly [RegExp, string])[] = [
  [/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@"'\\<>]+@/gi, `$1${HIDDEN}@`],
  [/(-----BEGIN [A-Z ]*PRIVATE KEY-----)[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----)/g, `$1${HIDDEN}$2`],
  [/\b(AWS4-HMAC-SHA256 )[^\r\n"'\\]+/g, `$1${HIDDEN}`],
  [/\b((?:Basic|Bearer) )[\w.~+/=-]{16,}/g, `$1${HIDDEN}`],
  [
    /((?:secret_?access_?key|(?:session|security|bearer|access|refresh|id|identity|authorization)[-_]?token|client_?secret|secret_?string|activation_?key|passw(?:or)?d|passphrase)\\*["']?(?:\s*[:=]\s*|>)\\*["']?)[^\s"',;<>&\\]{8,}/gi,
    `$1${HIDDEN}`,
  ],
  // A JSON web token.
  [/\beyJ[\w-]+\.eyJ[\w-]+\.[\w-]+/g, HIDDEN],
  [/([?&]Token=)[^&\s"'\\]{20,}/g, `$1${HIDDEN}`],
  [/\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g, HIDDEN],
]

let lastKey = ''
let lastPattern: RegExp | undefined

/** One pattern for all of them, made anew only when there is another one. */
function knownPattern(env: NodeJS.ProcessEnv): RegExp | undefined {
  const secrets = [...remembered, ...Object.entries(env).flatMap(secretsOf)]
  const key = secrets.join('\n')
  if (key === lastKey) return lastPattern
  const forms = [...new Set(secrets.flatMap(formsOf))].sort((a, b) => b.length - a.length)
  lastKey = key
  lastPattern = forms.length === 0 ? undefined : new RegExp(forms.map(escaped).join('|'), 'g')
  return lastPattern
}

function secretsOf([name, value = '']: [string, string | undefined]): string[] {
  if (value.length < SHORTEST_SECRET) return []
  if (ADDRESS_VARIABLE.test(name)) return passwordOf(value)
  return SECRET_VARIABLE.test(name) && !PLACE_VARIABLE.test(name) ? [value] : []
}

/** As it was written and as it is meant: both can turn up. */
function passwordOf(address: string): string[] {
  const [, userinfo = ''] = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)@/i.exec(address) ?? []
  const written = userinfo.slice(userinfo.indexOf(':') + 1)
  return [written, decoded(written)].filter((password) => password.length >= SHORTEST_SECRET)
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** A secret as it is, in addresses, in JSON, in hexadecimal, and wherever it may begin inside something in base64. */
function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret)
  const base64 = [0, 1, 2].map((offset) => base64Core(bytes, offset))
  return [
    secret,
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
    JSON.stringify(JSON.stringify(secret)).slice(3, -3),
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
    ...base64,
    ...base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_')),
  ]
}

/** The characters that are the same whatever stands before and after it, when its first byte is the `offset`th of three. */
function base64Core(bytes: Buffer, offset: number): string {
  const all = Buffer.concat([Buffer.alloc(offset), bytes])
  const start = Math.ceil((offset * 8) / 6)
  const end = Math.floor((all.length * 8) / 6)
  return all.toString('base64').slice(start, end)
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&')
}
