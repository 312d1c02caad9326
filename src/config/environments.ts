import { DEFAULTS } from './parts.js'
import { UsageError } from '../errors.js'
import { DATASYNC_DEFAULTS, type Datasync, type DatasyncFile } from './datasync.js'
import { nearestWord } from './nearest.js'
import {
  environmentName,
  regionName,
  type ConfigFile,
  type Environment,
  type EnvironmentFile,
} from './schema.js'

/** The environment that needs no AWS account. It exists without being listed. */
export const LOCAL = 'local'

/** From the command line; stronger than the file. */
export interface Overrides {
  region?: string
  profile?: string
}

/**
 * One environment: its own settings over the top level's, key by key, over the defaults. Where the file lists
 * environments, only those and `local` exist; where it lists none, any name does.
 * @throws UsageError INVALID_ENVIRONMENT_NAME, UNKNOWN_ENVIRONMENT, INVALID_REGION
 */
export function resolveEnvironment(file: ConfigFile, name: string, overrides: Overrides = {}): Environment {
  const own = ownSettings(file, name)
  if (overrides.region !== undefined && !regionName.safeParse(overrides.region).success) {
    throw new UsageError(
      'INVALID_REGION',
      `"${overrides.region}" is not an AWS region name such as eu-north-1.`,
    )
  }
  return {
    name,
    project: file.project,
    region: overrides.region ?? own.region ?? file.region,
    account: own.account,
    profile: overrides.profile ?? own.profile,
    protect: own.protect ?? false,
    endpoint: own.endpoint ?? (name === LOCAL ? 'embedded' : undefined),
    network: { ...DEFAULTS.network, ...file.network, ...own.network },
    compute: { ...DEFAULTS.compute, ...file.compute, ...own.compute },
    query: { ...DEFAULTS.query, ...file.query, ...own.query },
    notify: { ...DEFAULTS.notify, email: [], ...file.notify, ...own.notify },
    ...resolveDatasync(name, file.datasync, own.datasync),
    schedule: { ...DEFAULTS.schedule, ...file.schedule, ...own.schedule },
    backfill: own.backfill ?? file.backfill ?? DEFAULTS.backfill,
    monitoring: { ...DEFAULTS.monitoring, ...file.monitoring, ...own.monitoring },
    catalog: { ...DEFAULTS.catalog, ...file.catalog, ...own.catalog },
    spark: { ...DEFAULTS.spark, ...file.spark, ...own.spark },
    bucketNamespace: own.bucketNamespace ?? file.bucketNamespace ?? DEFAULTS.bucketNamespace,
    keyDeletionDays: own.keyDeletionDays ?? file.keyDeletionDays ?? DEFAULTS.keyDeletionDays,
    permissionsBoundary: own.permissionsBoundary ?? file.permissionsBoundary,
    datasets: file.datasets,
  }
}

function resolveDatasync(
  name: string,
  file: DatasyncFile | undefined,
  own: DatasyncFile | undefined,
): { datasync?: Datasync } {
  if (file === undefined && own === undefined) return {}
  const { location, ...rest } = { ...file, ...own }
  if (location === undefined) {
    throw new UsageError('CONFIG_INVALID', `\`datasync.location\` of environment ${name} is missing.`, {
      suggestions: [
        'Say where the files are: `location: { type: nfs, host: …, path: /… }`, or remove `datasync`.',
      ],
    })
  }
  const defaults = { ...DATASYNC_DEFAULTS, exclude: [...DATASYNC_DEFAULTS.exclude] }
  return { datasync: { ...defaults, ...rest, location } }
}

function ownSettings(file: ConfigFile, name: string): EnvironmentFile {
  const checked = environmentName.safeParse(name)
  if (!checked.success) {
    const rule = checked.error.issues[0]?.message ?? 'is not valid'
    throw new UsageError('INVALID_ENVIRONMENT_NAME', `The name of the environment, "${name}", ${rule}.`)
  }
  if (Object.hasOwn(file.environments, name)) return file.environments[name] ?? {}
  const listed = Object.keys(file.environments)
  if (name === LOCAL || listed.length === 0) return {}
  const known = [...new Set([...listed, LOCAL])]
  const near = nearestWord(name, known)
  throw new UsageError(
    'UNKNOWN_ENVIRONMENT',
    `There is no environment "${name}" in the configuration. It has: ${known.join(', ')}.`,
    {
      suggestions: [
        ...(near === undefined ? [] : [`Did you mean --env ${near}?`]),
        `Choose one with --env, or add \`${name}: {}\` under \`environments\` in datapipe.yaml.`,
      ],
    },
  )
}
