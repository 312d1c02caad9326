import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { ConfiguredEndpoint } from './endpoint-safety.js'

/** Services that a login goes through, as they are named in variables. */
export const LOGIN_SERVICES = ['STS', 'SSO', 'SSO_OIDC', 'SIGNIN'] as const

/** Services that datapipe calls, as they are named in variables: the SDK's `serviceId`, upper case. */
export const SERVICES = [
  'ATHENA',
  'BUDGETS',
  'CLOUDWATCH',
  'CLOUDWATCH_LOGS',
  'CODEBUILD',
  'DATASYNC',
  'EC2',
  'ECR',
  'ECS',
  'EVENTBRIDGE',
  'GLUE',
  'IAM',
  'KMS',
  'RESOURCE_GROUPS_TAGGING_API',
  'S3',
  'SCHEDULER',
  'SECRETS_MANAGER',
  'SERVICE_QUOTAS',
  'SFN',
  'SNS',
  'SQS',
  'STS',
] as const

interface Where {
  env: NodeJS.ProcessEnv
  /** Besides the one of AWS_PROFILE. */
  profile: string | undefined
  /** There is an endpoint for everything that datapipe calls itself; only logins ask for others. */
  isOnlyLogin: boolean
}

/**
 * What the SDK may send to elsewhere than AWS: addresses in variables, and in the profile of the shared configuration, its
 * own or those of the services section that it names. Found before the first call, so that nothing is begun that cannot end;
 * each request is looked at again when it leaves.
 */
export async function configuredEndpoints({
  env,
  isOnlyLogin,
  profile,
}: Where): Promise<ConfiguredEndpoint[]> {
  if (env.AWS_IGNORE_CONFIGURED_ENDPOINT_URLS === 'true') return []
  const services = isOnlyLogin ? LOGIN_SERVICES : [...new Set([...SERVICES, ...LOGIN_SERVICES])]
  const variables = ['AWS_ENDPOINT_URL', ...services.map((service) => `AWS_ENDPOINT_URL_${service}`)]
  const fromVariables = variables.flatMap((from) => {
    const url = env[from]
    return url === undefined || url === '' ? [] : [{ url, from }]
  })
  return [...fromVariables, ...(await fromProfiles(env, profile, services))]
}

async function fromProfiles(
  env: NodeJS.ProcessEnv,
  profile: string | undefined,
  services: readonly string[],
): Promise<ConfiguredEndpoint[]> {
  const home = env.HOME ?? homedir()
  const files = [
    env.AWS_CONFIG_FILE ?? join(home, '.aws', 'config'),
    env.AWS_SHARED_CREDENTIALS_FILE ?? join(home, '.aws', 'credentials'),
  ]
  const sections = (await Promise.all(files.map(readSections))).flat()
  const names = [...new Set([profile, env.AWS_PROFILE ?? 'default'])]
  return names.flatMap((name) => {
    const settings = sections
      .filter(({ title }) => title === name || title === `profile ${name}`)
      .flatMap((section) => section.settings)
    if (valueOf(settings, 'ignore_configured_endpoint_urls') === 'true') return []
    const group = valueOf(settings, 'services')
    const own = sections.filter(({ title }) => title === `services ${group}`)
    const wanted = new Set(services.map((service) => service.toLowerCase()))
    return [...settings, ...own.flatMap((section) => section.settings)]
      .filter(({ key, parent }) => key === 'endpoint_url' && (parent === undefined || wanted.has(parent)))
      .map(({ value }) => ({ url: value, from: `profile ${name}` }))
  })
}

interface Setting {
  key: string
  value: string
  /** Of an indented line: the key above it. */
  parent?: string
}

interface Section {
  title: string
  settings: Setting[]
}

/** The sections of a shared configuration file; one that cannot be read has none, and the SDK tells why. */
async function readSections(file: string): Promise<Section[]> {
  const text = await readFile(file, 'utf8').catch(() => '')
  const sections: Section[] = []
  let parent: string | undefined
  for (const line of text.split(/\r?\n/)) {
    const title = /^\s*\[([^\]]*)\]/.exec(line)?.[1]
    if (title !== undefined) {
      sections.push({ title: title.trim().replace(/\s+/g, ' ').replaceAll(/["']/g, ''), settings: [] })
      parent = undefined
      continue
    }
    const [, indent = '', key = '', value = ''] = /^(\s*)([^#;=\s][^=]*?)\s*=\s*(\S*)/.exec(line) ?? []
    if (key === '') continue
    if (indent === '') parent = value === '' ? key : undefined
    const isBelow = indent !== '' && parent !== undefined
    sections.at(-1)?.settings.push({ key, value, ...(isBelow ? { parent } : {}) })
  }
  return sections
}

function valueOf(settings: readonly Setting[], wanted: string): string | undefined {
  return settings.find(({ key, parent }) => key === wanted && parent === undefined)?.value
}
