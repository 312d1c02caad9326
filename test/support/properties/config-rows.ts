import { CHANGED, type ConfigRow, type Shown } from './config.js'

const BOUNDARY = 'arn:aws:iam::123456789012:policy/boundary'
const IMAGE = 'public.ecr.aws/ours/transform:1'

const one = (key: string, to: unknown, id: string, path: string, shown: Shown): ConfigRow => ({
  key,
  to,
  updates: { [id]: { [path]: shown } },
})

/** The same property of several resources. */
const each = (ids: readonly string[], path: string, shown: Shown): NonNullable<ConfigRow['updates']> =>
  Object.fromEntries(ids.map((id) => [id, { [path]: shown }]))

const states = { 'definition.States.*': CHANGED } as const

const ALARMS = [
  ...['worker', 'dispatch', 'backfill'].flatMap((machine) =>
    ['failed', 'timed-out', 'aborted', 'throttled'].map((what) => `${machine}-${what}`),
  ),
  ...['rule-failed', 'rule-undelivered', 'failed-files', 'failed-files-age', 'undelivered-events'],
].map((purpose) => `monitoring/alarm/${purpose}`)

/** What depends on the environment as a whole. */
export interface Everywhere {
  roles: readonly string[]
  logGroups: readonly string[]
  /** Everything that lives in the VPC, and the VPC. */
  network: readonly string[]
}

/** One row for each key that decides what a resource is like. Each starts from what the rows before it made. */
export function configRows({ logGroups, network, roles }: Everywhere): ConfigRow[] {
  return [
    one('compute.architecture', 'x86_64', 'compute/task-definition', 'runtimePlatform.cpuArchitecture', [
      'ARM64',
      'X86_64',
    ]),
    { key: 'compute.logRetentionDays', to: 30, updates: each(logGroups, 'retentionDays', [90, 30]) },
    one('compute.maxConcurrency', 7, 'orchestration/backfill', 'definition.States.*', CHANGED),
    { key: 'compute.spot', to: false, updates: { 'orchestration/worker': states } },
    one('query.maxScanBytes', 20_000_000, 'catalog/workgroup', 'maxScanBytes', [10_000_000_000, 20_000_000]),
    {
      key: 'notify.email',
      to: ['ops@example.com', 'more@example.com'],
      creates: ['messaging/alerts/more@example.com'],
    },
    {
      key: 'notify.onSuccess',
      to: false,
      updates: { 'orchestration/worker': states, 'security/role/sfn-worker': { policy: CHANGED } },
    },
    one('datasync.exclude', ['*.part'], 'ingestion/task', 'exclude', ['*.tmp|*.filepart', '*.part']),
    one('datasync.verify', 'all', 'ingestion/task', 'options.VerifyMode', [
      'ONLY_FILES_TRANSFERRED',
      'POINT_IN_TIME_CONSISTENT',
    ]),
    one('datasync.bytesPerSecond', 2_000_000, 'ingestion/task', 'options.BytesPerSecond', [-1, 2_000_000]),
    one('datasync.report', false, 'security/role/datasync', 'policy', CHANGED),
    one(
      'datasync.location.secretArn',
      'arn:aws:secretsmanager:eu-north-1:111122223333:secret:other-AbCdEf',
      'security/role/datasync',
      'policy',
      CHANGED,
    ),
    one(
      'datasync.location.secretKeyArn',
      'arn:aws:kms:eu-north-1:111122223333:key/0000',
      'security/role/datasync',
      'policy',
      CHANGED,
    ),
    one('schedule.cron', '0 7 1 * ? *', 'schedule/sweep', 'expression', [
      'cron(0 6 1 * ? *)',
      'cron(0 7 1 * ? *)',
    ]),
    one('schedule.timezone', 'UTC', 'schedule/sweep', 'timezone', ['Europe/Stockholm', 'UTC']),
    one('schedule.enabled', false, 'schedule/sweep', 'state', ['ENABLED', 'DISABLED']),
    one('monitoring.noSuccessDays', 8, 'orchestration/success-check', 'definition.States.*', CHANGED),
    {
      key: 'monitoring.rejectedRowsPerDay',
      to: 20,
      updates: { 'monitoring/alarm/rejected-rows': { description: CHANGED, threshold: [10, 20] } },
    },
    one('monitoring.budgetMonthlyUsd', 60, 'monitoring/budget', 'monthlyUsd', [50, 60]),
    one('catalog.schedule', 'cron(0 4 * * ? *)', 'catalog/crawler', 'schedule', [
      'cron(0 3 * * ? *)',
      'cron(0 4 * * ? *)',
    ]),
    one('catalog.crawler', 'on-demand', 'catalog/crawler', 'schedule', ['cron(0 4 * * ? *)', null]),
    one('catalog.namedQueries.rows', 'select 2', 'catalog/query/rows', 'sql', ['select 1', 'select 2']),
    one('spark.workers', 4, 'spark/job', 'workers', [2, 4]),
    one('spark.workerType', 'G.2X', 'spark/job', 'workerType', ['G.1X', 'G.2X']),
    one('spark.flex', true, 'spark/job', 'executionClass', ['STANDARD', 'FLEX']),
    one('spark.timeoutMinutes', 60, 'spark/job', 'timeoutMinutes', [120, 60]),
    one('datasets.readings', { match: 'readings*' }, 'storage/config', 'sha256', CHANGED),
    one('compute.image', IMAGE, 'compute/task-definition', 'container.image', CHANGED),
    {
      key: 'permissionsBoundary',
      to: BOUNDARY,
      updates: each(roles, 'permissionsBoundary', [null, BOUNDARY]),
    },
    {
      key: 'network.flowLogs',
      to: 'off',
      updates: { 'storage/logs': { policy: CHANGED } },
      deletes: ['network/flow-log'],
    },
    { key: 'network.networkAcls', to: false, deletes: ['network/acl/private', 'network/acl/public'] },
    {
      key: 'network.interfaceEndpoints',
      to: [],
      deletes: ['network/endpoint/secretsmanager', 'network/security-group/endpoints'],
    },
    {
      key: 'network.zones',
      to: 3,
      updates: {
        'network/routes/public': { subnetIds: CHANGED },
        'network/endpoint/s3': { routeTableIds: CHANGED },
        'orchestration/worker': states,
      },
      creates: [
        'network/subnet/public/c',
        'network/subnet/private/c',
        'network/address/nat/c',
        'network/nat/c',
        'network/routes/private/c',
      ],
    },
    {
      // Without NAT, because the emulator does not let go of an address when its gateway is replaced.
      key: 'network.egress',
      to: 'public',
      updates: {
        'network/routes/private': { subnetIds: CHANGED },
        'network/endpoint/s3': { routeTableIds: CHANGED },
        'orchestration/worker': states,
      },
      deletes: [
        ...['a', 'b', 'c'].flatMap((zone) => [`network/nat/${zone}`, `network/address/nat/${zone}`]),
        ...['b', 'c'].map((zone) => `network/routes/private/${zone}`),
      ],
    },
    {
      key: 'network.cidr',
      to: '10.30.0.0/16',
      updates: { 'orchestration/worker': states },
      replaces: network,
    },
    {
      key: 'monitoring.alarms',
      to: false,
      updates: { 'monitoring/dashboard': { 'body.widgets.*': CHANGED } },
      deletes: ALARMS,
    },
    { key: 'monitoring.dashboard', to: false, deletes: ['monitoring/dashboard'] },
  ]
}

const OTHER_NAMES = 'every name has it: another environment altogether, beside the first'
const WHO = 'says who acts and where, or what may be done; no resource has it'
const LOCATION = 'the emulator cannot change a location: test/resources/datasync/location.test.ts'
const NOT_KEPT = 'the emulator does not keep it: test/resources/datasync/task.test.ts'

/** Keys without a row, and why. A key ends where the user's own names begin. */
export const WITHOUT_ROW: Readonly<Record<string, string>> = {
  project: OTHER_NAMES,
  region: OTHER_NAMES,
  bucketNamespace: OTHER_NAMES,
  'environments.*.account': WHO,
  'environments.*.profile': WHO,
  'environments.*.protect': WHO,
  'environments.*.endpoint': WHO,
  keyDeletionDays: 'only looked at when `down` deletes the key: test/resources/kms/key-write.test.ts',
  backfill: 'a schedule brings it anyway: test/pipeline/orchestration.test.ts',
  'spark.enabled': 'nothing or all of the job: test/e2e/everything.test.ts',
  'datasync.location.type': 'an emulator has one kind only: test/pipeline/ingestion.test.ts',
  'datasync.location.host': LOCATION,
  'datasync.location.path': LOCATION,
  'datasync.location.user': LOCATION,
  'datasync.location.domain': LOCATION,
  'datasync.location.mountOptions.version': LOCATION,
  'datasync.agent': 'an emulator has none: test/resources/datasync/agent.test.ts',
  'datasync.schedule': NOT_KEPT,
  'datasync.include': NOT_KEPT,
}
